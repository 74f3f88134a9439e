// An edge whose disk is full refuses, stays alive, and goes on once there is room.
import { afterAll, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { mountSmallDisk, type SmallDisk } from "../support/database.ts";
import { codeOf } from "../support/edge-client.ts";
import { LiveReceiver } from "../support/live-receiver.ts";
import { expectEverywhere, expectFinal } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";

const SHOW = "full";
const DISK_BYTES = 4 * 2 ** 20;

const disk = mountSmallDisk(DISK_BYTES);
const why = typeof disk === "string" ? disk : undefined;

test.skipIf(why !== undefined)(
  `on a full disk an edge says log_full, and then goes on${why ? ` (${why})` : ""}`,
  async () => {
    const { folder, fill, free } = disk as SmallDisk;
    cluster = await Cluster.start({
      configure: (name, config) => (name === "fra" ? { ...config, store: `file:${folder}/fra.db` } : config),
    });
    await cluster.open(aShow(SHOW), "nyc");
    const crowd = new Crowd(cluster, SHOW, "best");
    await each(receivers(60, "before"), (name, i) =>
      crowd.vote(name, OPTIONS[i % 3]!, { at: [cluster.edges[i % 3]!] }),
    );
    const player = await LiveReceiver.join(cluster.address("fra"), SHOW, cluster.receiverToken("player"));

    fill();
    // What room there was in files that stand already is used up first.
    const refused = await refusal(crowd, "fra");
    expect(refused).toMatchObject({ status: 503 });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await player.cast({ poll: "best", option: "red", press: 1 })).toMatchObject({
      type: "refused",
      code: "log_full",
      status: 503,
    });
    // Its receivers are served elsewhere, and the others do not mind.
    await each(receivers(60, "during"), (name, i) =>
      crowd.vote(name, OPTIONS[i % 3]!, { at: [cluster.edges[i % 3]!, "nyc"] }),
    );
    expect(crowd.refusals["log_full"]).toBeGreaterThan(0);
    expect(cluster.member("fra").isRunning).toBe(true);

    free();
    await each(receivers(60, "after"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [cluster.edges[i % 3]!] }));
    expect(await player.cast({ poll: "best", option: "red", press: 1 })).toMatchObject({ type: "receipt" });
    const expected = crowd.expected();
    const withPlayer = { ...expected, red: (expected["red"] ?? 0) + 1 };
    await expectEverywhere(cluster, SHOW, "best", withPlayer);
    expect(cluster.member("fra").logged("edge is up")).toHaveLength(1);
    // And what it said since is on its disk.
    await cluster.member("fra").kill();
    await cluster.revive("fra");
    await expectEverywhere(cluster, SHOW, "best", withPlayer);
    await cluster.producer("fra").command(SHOW, "best", "close");
    await expectFinal(cluster, SHOW, "best", withPlayer);
  },
);

let cluster: Cluster;
afterAll(async () => {
  await cluster?.end();
  if (typeof disk !== "string") disk.remove();
});

/** Presses until an edge refuses for want of room. */
async function refusal(crowd: Crowd, edge: string) {
  for (let i = 0; i < 5000; i++) {
    const answer = await crowd.press(`pushing-${i}`, { press: 1, option: "green" }, edge);
    if (codeOf(answer) === "log_full") return answer;
    expect(answer.status).toBe(202);
  }
  throw new Error(`"${edge}" never refused`);
}
