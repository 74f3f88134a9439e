// Watchers in trouble: with a full disk, a failing one, or no encoder. They say so, and what was crossed fires, once.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, afterEach, expect, test } from "vitest";
import { freePorts } from "../../edge/cli/network/ports.ts";
import type { HealthBody } from "../../edge/network-answers.ts";
import type { Threshold } from "../../edge/cli/threshold.ts";
import type { RuntimeName } from "../../edge/cli/supervise/program.ts";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { mountSmallDisk, type SmallDisk } from "../support/database.ts";
import { EdgeClient } from "../support/edge-client.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { expectFinal } from "../support/readings.ts";
import { EncoderProgram } from "../support/recording-encoder.ts";
import { aShow } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const SHOW = "filled";
const DISK_BYTES = 4 * 2 ** 20;
/** The threshold is crossed by so many votes for blue, and by each further as many. */
const BLUE = 20;
const HOST = "127.0.0.1";

const disk = mountSmallDisk(DISK_BYTES);
const why = typeof disk === "string" ? disk : undefined;

const noLimits = existsSync("/usr/bin/prlimit") ? "" : " (prlimit is not installed)";

let encoder: EncoderProgram;
let cluster: Cluster;
let monitor: EdgeClient;
let crowd: Crowd;

interface Beginning {
  /** Where the monitor keeps everything. */
  readonly store?: string;
  readonly runtime?: RuntimeName;
  /** Who sends cues to the encoder. The monitor latches them in any case; fra watches where it sends. */
  readonly senders: readonly ("monitor" | "fra")[];
}

/** Two edges and a monitor; a threshold is armed, and some have voted. The encoder is not there yet. */
async function begin({ store = "file:permanent.db", runtime = "deno", senders }: Beginning): Promise<void> {
  encoder = await EncoderProgram.plan();
  const [status] = (await freePorts(1)) as [number];
  monitor = new EdgeClient(`http://${HOST}:${status}`);
  cluster = await Cluster.start({
    edges: ["fra", "nyc"],
    recorder: false,
    runtime,
    processes: [{ name: "monitor", role: "monitor", store, listen: { host: HOST, status } }],
    configure: (name, config) => {
      if (!senders.some((sender) => sender === name)) return config;
      return { ...config, encoder: encoder.address, ...(name === "fra" ? { watch: true } : {}) };
    },
  });
  const rule = { kind: "votes", poll: "best", option: "blue", at_least: BLUE, every: BLUE };
  const threshold = { id: "blues", rule, message: { kind: "text", text: "{count}" } };
  const show = { ...aShow(SHOW), thresholds: [threshold] };
  await cluster.open(show);
  await arm();
  crowd = new Crowd(cluster, SHOW, "best");
  await vote(30, "red", "before");
}

async function arm(): Promise<void> {
  expect(await cluster.producer("fra").post(`/v1/shows/${SHOW}/thresholds/blues/arm`)).toMatchObject({ status: 200 });
  await soon(async () => {
    const { body } = await cluster.producer("fra").get(`/v1/shows/${SHOW}/thresholds`);
    expect(body).toMatchObject({ thresholds: [{ state: "armed" }] });
  });
}

function vote(count: number, option: string, name: string): Promise<void> {
  return each(receivers(count, name), (receiver, i) =>
    crowd.vote(receiver, option, { at: [cluster.edges[i % cluster.edges.length]!] }),
  );
}

async function problems(): Promise<string> {
  const { body } = await monitor.get("/healthz");
  return (body as { problems: string[] }).problems.join("\n");
}

/** Everything is as if nothing had happened. */
async function expectWell(): Promise<void> {
  await soon(() => expect(encoder.cues()).toEqual(["blues/1"]));
  await soon(async () => expect(await monitor.get("/healthz")).toMatchObject({ status: 200, body: { problems: [] } }));
  await vote(BLUE, "blue", "after");
  await soon(() => expect(encoder.cues()).toEqual(["blues/1", "blues/2"]));
  await cluster.producer("fra").command(SHOW, "best", "close");
  await expectFinal(cluster, SHOW, "best", crowd.expected());
  expect(encoder.cues()).toEqual(["blues/1", "blues/2"]);
}

afterEach(async () => {
  await cluster?.end();
  await encoder?.end();
});
afterAll(() => {
  if (typeof disk !== "string") disk.remove();
});

test.skipIf(why !== undefined)(
  `on a full disk a monitor says so, and with room again what was crossed meanwhile fires once${why ? ` (${why})` : ""}`,
  async () => {
    const { folder, fill, free } = disk as SmallDisk;
    await begin({ store: `file:${folder}/permanent.db`, senders: ["monitor"] });
    encoder.start(cluster.folder);
    fill();
    // What room there was in files that stand already is used up first.
    for (let i = 0; !(await problems()).includes("has no room"); i++) await vote(20, "red", `pushing-${i}`);
    expect(await problems()).toMatch(/show "filled": the log does not take what comes: appending: .* has no room/);
    await vote(BLUE, "blue", "during");
    expect(await monitor.get("/healthz")).toMatchObject({ status: 503 });
    expect(encoder.cues()).toEqual([]);
    free();
    await expectWell();
    expect(cluster.member("monitor").logged("monitor is up")).toHaveLength(1);
  },
);

test.skipIf(noLimits)(
  `a monitor whose disk fails ends with the reason, and its next life fires what was crossed meanwhile, once${noLimits}`,
  async () => {
    // Node, as it ignores the signal that comes with a file's size limit: the write fails, as on a disk that fails.
    await begin({ runtime: "node", senders: ["monitor"] });
    encoder.start(cluster.folder);
    const member = cluster.member("monitor");
    execFileSync("prlimit", [`--pid=${member.pid}`, "--fsize=1"]);
    await vote(BLUE, "blue", "during");
    expect(await member.ended).toBe(1);
    const [end] = member.logged("a write's outcome is unknown: this boot ends");
    expect(end?.fields["error"]).toMatch(/"file:.*permanent\.db" failed: SQLITE_IOERR: disk I\/O error/);
    expect(encoder.cues()).toEqual([]);
    await cluster.revive("monitor");
    await expectWell();
  },
);

test("an edge that watches says in its /healthz how its watcher is, and sends what it could not once it can", async () => {
  await begin({ senders: ["fra"] });
  const watcherOf = async (edge: string) => ((await cluster.client(edge).get("/healthz")).body as HealthBody).watcher;
  await soon(async () => expect(await watcherOf("fra")).toEqual({ ok: true, problems: [] }));
  expect(await watcherOf("nyc")).toBeUndefined();
  await vote(BLUE, "blue", "during");
  const problem = `show "${SHOW}": sending cues to the encoder failed`;
  await soon(async () => expect(await watcherOf("fra")).toEqual({ ok: false, problems: [problem] }));
  expect(await cluster.client("fra").metric("process_ok")).toBe(0);
  encoder.start(cluster.folder);
  await soon(async () => expect(await watcherOf("fra")).toEqual({ ok: true, problems: [] }));
  expect(await cluster.client("fra").metric("process_cues_sent")).toBe(1);
  await expectWell();
});

/** As its status page dates its answers: a date that never goes back. Whose clock a cue bears is chance. */
async function monitorsClock(): Promise<number> {
  return Date.parse((await monitor.get("/healthz")).headers.get("date")!);
}

const noFakeClock = FakeClock.missing ? ` (${FakeClock.missing})` : "";
test.skipIf(noFakeClock)(`each cue fires once of two watchers, though one's clock jumps${noFakeClock}`, async () => {
  await begin({ senders: ["monitor", "fra"] });
  encoder.start(cluster.folder);
  const clock = new FakeClock(cluster.folder.path);
  await cluster.member("monitor").kill();
  cluster.member("monitor").start(clock.environment);
  await cluster.whole();
  clock.set("+3600");
  await soon(async () => expect((await monitorsClock()) - Date.now()).toBeGreaterThan(3_000_000));
  const expected: string[] = [];
  for (const shift of ["+3600", "-3600", "+5", "-5", "+0"]) {
    clock.set(shift);
    await vote(BLUE, "blue", `at${shift}`);
    expected.push(`blues/${expected.length + 1}`);
    await soon(() => expect(encoder.cues()).toEqual(expected));
  }
  await soon(async () => {
    const { body } = await cluster.producer("nyc").get(`/v1/shows/${SHOW}/thresholds`);
    const fired = (body as { thresholds: Threshold[] }).thresholds[0]?.fired ?? [];
    expect(fired.map(({ confirmed_at: at }) => typeof at)).toEqual(expected.map(() => "number"));
  });
  expect(encoder.cues()).toEqual(expected);
});
