// SIGTERM under load: an edge answers what it has taken, sends its receivers elsewhere, and ends with 0. On both runtimes,
// as is a kill -9.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RUNTIMES } from "../../edge/cli/supervise/program.ts";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { LiveReceiver } from "../support/live-receiver.ts";
import { expectEverywhere, expectFinal } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const SHOW = "restarts";

describe.for(RUNTIMES)("on %s", (runtime) => {
  let cluster: Cluster;
  let crowd: Crowd;

  beforeAll(async () => {
    cluster = await Cluster.start({ edges: ["fra", "nyc"], runtime });
    await cluster.open(aShow(SHOW));
    crowd = new Crowd(cluster, SHOW, "best");
  });
  afterAll(() => cluster?.end());

  test("an edge that is asked to stop loses nothing that it acknowledged, and ends with 0", async () => {
    const player = await LiveReceiver.join(cluster.address("fra"), SHOW, cluster.receiverToken("player"));
    expect(await player.cast({ poll: "best", option: "red", press: 1 })).toMatchObject({ type: "receipt" });
    const load = each(receivers(600, "viewer"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: ["fra", "nyc"] }));
    await soon(() => expect(crowd.size).toBeGreaterThan(100));
    const ending = cluster.member("fra").stop();
    // 45xx: come back, here or at another edge.
    expect(await player.closed).toMatchObject({ code: 4503 });
    await load;
    expect(await ending).toBe(0);
    // Those that it had not taken went elsewhere; nobody had to give up a press.
    expect(crowd.size).toBe(600);
    const edges = new Set(crowd.receipts.map(({ edge }) => edge));
    expect(edges).toEqual(new Set(["fra", "nyc"]));
    const { red = 0, ...others } = crowd.expected();
    await expectEverywhere(cluster, SHOW, "best", { ...others, red: red + 1 });
  });

  test("an edge that is killed in the middle of its load has all that it acknowledged when it is back", async () => {
    await cluster.revive("fra");
    const before = crowd.size;
    const load = each(receivers(300, "unlucky"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: ["fra"] }));
    await soon(() => expect(crowd.size).toBeGreaterThan(before + 100));
    await cluster.member("fra").kill();
    await cluster.revive("fra");
    await load;
    const { red = 0, ...others } = crowd.expected();
    await expectEverywhere(cluster, SHOW, "best", { ...others, red: red + 1 });
  });

  test("a recorder that was stopped goes on where it was, and everyone stops when asked to", async () => {
    expect(await cluster.recorder.stop()).toBe(0);
    await cluster.revive("recorder");
    await each(receivers(60, "later"), (name, i) =>
      crowd.vote(name, OPTIONS[i % 3]!, { at: [["fra", "nyc"][i % 2]!] }),
    );
    await cluster.producer("fra").command(SHOW, "best", "close");
    const { red = 0, ...others } = crowd.expected();
    const final = await expectFinal(cluster, SHOW, "best", { ...others, red: red + 1 });
    expect(final.lost).toEqual([]);
    expect(await Promise.all([...cluster.edges, "recorder"].map((name) => cluster.member(name).stop()))).toEqual([
      0, 0, 0,
    ]);
  });
});
