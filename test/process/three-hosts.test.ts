// docs/three-hosts.md as it is written, on three addresses of 127.0.0.0/8 in place of hosts, each with another one for
// the backbone: nobody reaches a listener by the other network's address, and the backbone carries what the guide says.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runAudience } from "../../edge/cli/audience/audience.ts";
import { openFolder } from "../../edge/cli/network/folder.ts";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { SAMPLE_SHOW } from "../../edge/cli/sample-show.ts";
import { endAll, redbutton, until, type Started } from "../support/processes.ts";

const HOSTS = { fra: ["127.0.0.2", "127.0.1.2"], nyc: ["127.0.0.3", "127.0.1.3"], syd: ["127.0.0.4", "127.0.1.4"] };
const RECEIVERS = Number(process.env["THREE_HOSTS_RECEIVERS"] ?? 1500);
const RATE = Number(process.env["THREE_HOSTS_RATE"] ?? 500);
/** On a machine that is busy with other tests an answer may take long. */
const PATIENCE = { timeoutMs: 10_000, deadlineMs: 90_000 };
const GIGABIT = 1e9;
const { id: SHOW, polls } = SAMPLE_SHOW;
const POLL = { id: polls[0].id, mode: "last", votes: 1, options: polls[0].options.map(({ id }) => id) } as const;

const folder = mkdtempSync(join(tmpdir(), "redbutton-hosts-"));
const out = join(folder, "network");
const members = new Map<string, Started>();
let ports: { readonly public: number; readonly backbone: number };

beforeAll(async () => {
  const [publicPort = 0, backbonePort = 0] = await freePorts(2);
  ports = { public: publicPort, backbone: backbonePort };
  const edges = Object.entries(HOSTS).map(([name, addresses]) => `${name}=${addresses.join("/")}`);
  await run(
    "network",
    "new",
    "--out",
    out,
    "--edges",
    edges.join(),
    "--recorder",
    "file:recorder.db",
    ...portOptions(),
  );
  for (const name of Object.keys(HOSTS)) members.set(name, redbutton(["edge", "--config", join(out, `${name}.json`)]));
  members.set("recorder", redbutton(["monitor", "--config", join(out, "recorder.json")]));
  for (const name of Object.keys(HOSTS)) await until(`edge "${name}"`, () => isReady(name), 60_000);
});

afterAll(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});

const portOptions = () => ["--port", `${ports.public}`, "--backbone-port", `${ports.backbone}`];
const addressOf = (name: string) => `http://${HOSTS[name as keyof typeof HOSTS][0]}:${ports.public}`;

/** A command of the guide; returns what it says. */
async function run(...args: string[]): Promise<string> {
  const command = redbutton(args);
  expect(await command.exited, command.output()).toBe(0);
  return command.output().trim();
}

async function isReady(name: string): Promise<boolean> {
  const answer = await fetch(`${addressOf(name)}/readyz`).catch(() => undefined);
  return answer?.ok ?? false;
}

/** Bytes that an edge has sent over all its links. */
async function sentBy(name: string): Promise<number> {
  const text = await (await fetch(`${addressOf(name)}/metrics`)).text();
  const samples = [...text.matchAll(/^redbutton_link_sent_bytes_total\{[^}]*\} (\d+)/gm)];
  expect(samples.length).toBeGreaterThan(0);
  return samples.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

/** Resolves with the error's code, or "open". */
function knock(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => resolve("open")).once("error", (error: NodeJS.ErrnoException) => resolve(error.code!));
    socket.once("close", () => socket.destroy());
    socket.setTimeout(5000, () => resolve("silence"));
  });
}

test.for(Object.entries(HOSTS))("%s listens to each network on its own address only", async ([, hosts]) => {
  const [publicHost = "", backboneHost = ""] = hosts;
  expect(await knock(publicHost, ports.public)).toBe("open");
  expect(await knock(backboneHost, ports.backbone)).toBe("open");
  expect(await knock(publicHost, ports.backbone)).toBe("ECONNREFUSED");
  expect(await knock(backboneHost, ports.public)).toBe("ECONNREFUSED");
});

test("a show runs by the guide's commands, and the backbone carries it within a hundredth of gigabit Ethernet", async () => {
  const file = join(folder, "show.json");
  writeFileSync(file, JSON.stringify(SAMPLE_SHOW));
  const token = await run("token", "--config", join(out, "fra.json"), "--role", "producer", "--name", "ann");
  const at = ["--edge", addressOf("fra"), "--token", token];
  await run("show", "create", file, ...at);
  for (const name of Object.keys(HOSTS)) await until(`the show at ${name}`, () => isReady(name));
  await run("poll", "arm", POLL.id, ...at);
  await run("poll", "open", POLL.id, ...at, "--for", "5m");
  const total = async () => (await Promise.all(Object.keys(HOSTS).map(sentBy))).reduce((a, b) => a + b, 0);
  const before = await total();
  const { edges } = openFolder(out);
  const secret = openFolder(out).secret();
  const options = { edges, secret, show: SHOW, poll: POLL, receivers: RECEIVERS, rate: RATE, seed: 3, ...PATIENCE };
  const report = await runAudience(options);
  expect(report).toMatchObject({ ok: true, receivers: RECEIVERS });
  const bytes = (await total()) - before;
  const bitsPerS = (bytes * 8) / report.seconds;
  const [perS, perBallot] = [report.acknowledged / report.seconds, bytes / report.acknowledged];
  console.log(
    `${perS.toFixed(0)} ballots/s: ${(bitsPerS / 1e6).toFixed(2)} Mb/s from three edges to everyone, TCP's payload; ` +
      `${perBallot.toFixed(0)} B a ballot, ${(perBallot / 3).toFixed(0)} B on each link`,
  );
  expect(bitsPerS).toBeLessThan(GIGABIT / 100);
  await run("poll", "close", POLL.id, ...at);
  for (const name of Object.keys(HOSTS))
    await until(`the final at ${name}`, async () => {
      const asked = await fetch(`${addressOf(name)}/v1/shows/${SHOW}`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      const { polls: its } = (await asked.json()) as { polls: { id: string; state: string }[] };
      return its.find(({ id }) => id === POLL.id)?.state === "final";
    });
});

test("SIGTERM ends every member with exit code 0", async () => {
  for (const member of members.values()) member.signal("SIGTERM");
  for (const [name, member] of members) expect(await member.exited, `${name}: ${member.output()}`).toBe(0);
});
