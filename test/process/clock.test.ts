// An edge whose clock is an hour off admits nothing and says so; the others go on.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { codeOf } from "../support/edge-client.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { expectEverywhere } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const SHOW = "clocks";
const why = FakeClock.missing ? ` (${FakeClock.missing})` : "";

let cluster: Cluster;
/** Syd's. */
let clock: FakeClock;

beforeAll(async () => {
  if (FakeClock.missing) return;
  cluster = await Cluster.plan();
  clock = new FakeClock(cluster.folder.path);
  for (const name of ["fra", "nyc", "recorder"]) cluster.member(name).start();
  startSyd();
  await cluster.whole();
  await cluster.open(aShow(SHOW));
});
afterAll(() => cluster?.end());

function startSyd(): void {
  cluster.member("syd").start(clock.environment);
}

const untrusted = () =>
  soon(async () => {
    const { status, body } = await cluster.client("syd").get("/readyz");
    expect(status).toBe(503);
    expect(JSON.stringify(body)).toMatch(/clock/);
  });

test.skipIf(why)(
  `an edge whose clock is set an hour off while it runs admits nothing until it is right again${why}`,
  async () => {
    const crowd = new Crowd(cluster, SHOW, "best");
    const edges = ["fra", "nyc", "syd"];
    await each(receivers(60, "before"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [edges[i % 3]!] }));
    for (const shift of ["+3600", "-3600"]) {
      clock.set(shift);
      await untrusted();
      expect(codeOf(await crowd.press(`viewer${shift}`, { press: 1, option: "red" }, "syd"))).toBe("clock_untrusted");
      // Nor does it call a token expired: its bearer would ask for a new one, and be another receiver.
      const soonOver = { exp: Math.floor(Date.now() / 1000) + 600 };
      const hasty = cluster.client("syd", cluster.receiverToken(`hasty${shift}`, soonOver));
      expect(codeOf(await hasty.post(`/v1/shows/${SHOW}/polls/best/ballots`, { press: 1, option: "red" }))).toBe(
        "clock_untrusted",
      );
      // A stop with a time an hour ahead would leave the poll open everywhere, and nobody could close it any more.
      expect(codeOf(await cluster.producer("syd").post(`/v1/shows/${SHOW}/stop`))).toBe("clock_untrusted");
      await each(receivers(60, `at${shift}`), (name, i) =>
        crowd.vote(name, OPTIONS[i % 2]!, { at: [edges[i % 3]!, "nyc"] }),
      );
      clock.set("+0");
      await cluster.whole();
      await each(receivers(20, `after${shift}`), (name) => crowd.vote(name, "green", { at: ["syd"] }));
    }
    // It counted what others wrote all the while.
    await expectEverywhere(cluster, SHOW, "best", crowd.expected());
  },
);

test.skipIf(why)(`an edge that starts with a clock an hour off never admits anything${why}`, async () => {
  const crowd = new Crowd(cluster, SHOW, "best");
  await cluster.member("syd").kill();
  clock.set("+3600");
  startSyd();
  await untrusted();
  const answers: (string | undefined)[] = [];
  await each(receivers(20, "astray"), async (name) => {
    answers.push(codeOf(await crowd.press(name, { press: 1, option: "red" }, "syd")));
  });
  expect(answers.filter((code) => !["clock_untrusted", "not_ready"].includes(code ?? ""))).toEqual([]);
  expect(await cluster.client("fra").get("/readyz")).toMatchObject({ status: 200 });
  clock.set("+0");
  await cluster.whole();
  await each(receivers(20, "astray"), (name) => crowd.vote(name, "red", { at: ["syd"] }));
  await cluster.producer("syd").command(SHOW, "best", "close");
  await soon(async () => {
    const { final } = await cluster.producer("fra").results(SHOW, "best");
    expect(final).toBeDefined();
  });
});
