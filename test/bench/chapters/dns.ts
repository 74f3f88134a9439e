import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../../edge/cli/network/ports.ts";
import { ROOT } from "../../../edge/cli/supervise/program.ts";
import { gdnsdFiles, gdnsdHealth, HEALTH_FILE } from "../../../edge/steering/dns/gdnsd.ts";
import { fuzzDns } from "../../support/dns-fuzz.ts";
import { EdgeStub } from "../../support/edge-stub.ts";
import { writeMmdb } from "../../support/mmdb.ts";
import { findProgram, missingPrograms, runProgram, startProgram, type RunningProgram } from "../../support/programs.ts";
import { FRA, NYC, SYD } from "../../support/dns-scene.ts";
import type { Chapter, Running } from "../support/chapter.ts";
import { cpuOf } from "../support/cpu.ts";
import { pause } from "../support/members.ts";
import type { Options } from "../support/options.ts";
import type { Row } from "../support/row.ts";
import type { Medians, Sample } from "../support/sample.ts";

const ZONE = "tv.example.org";
const EDGES = [FRA, NYC, SYD];
/** Mutated packets in all, and in one go: the rest of the program gets a turn between. */
const FUZZ = { packets: 1_000_000, chunk: 50_000 };
/** A client in 10.0.0.0/24, as a resolver tells it (RFC 7871): family, bits, scope, address. */
const SUBNET = "8:000118000a0000";

type Name = "ours" | "gdnsd" | "fuzz";

/** Our DNS server beside gdnsd, asked the same by dnsperf; and a million packets that are none. */
export const dns: Chapter<Name> = {
  title: "DNS steering beside gdnsd",
  rounds: 1,
  start,
  rows: (of) => [...serverRows(of("ours"), of("gdnsd")), fuzzRow(of("fuzz"))],
};

function serverRows(ours: Medians, theirs: Medians): Row[] {
  const ratio = ours.of("cpu") / theirs.of("cpu");
  return [
    {
      what: "A query with a client's subnet, over UDP, answered by `redbutton dns`",
      measured: ours.of("cpu"),
      unit: "µs CPU",
      against: { what: "gdnsd", value: theirs.of("cpu") },
      note: `${Math.round(1e6 / ours.of("cpu"))} a CPU-second; gdnsd ${Math.round(1e6 / theirs.of("cpu"))}, ${ratio.toFixed(1)} times as many`,
    },
    {
      what: "Queries a second beside dnsperf on the same cores",
      measured: ours.of("perSecond"),
      unit: "a second",
      note: `gdnsd ${Math.round(theirs.of("perSecond"))}; lost ${ours.of("lost")} and ${theirs.of("lost")} of all`,
    },
  ];
}

function fuzzRow(fuzz: Medians): Row {
  const count = (figure: string) => Math.round(fuzz.of(figure)).toLocaleString("en");
  return {
    what: `${count("packets")} mutated packets: the largest answer to its query, no exception`,
    measured: fuzz.of("amplification"),
    unit: "times",
    target: { most: 4 },
    note: `${count("answered")} answered, ${count("understood")} of them understood; slowest ${fuzz.of("slowestMs").toFixed(1)} ms`,
  };
}

async function start({ quick }: Options): Promise<Running<Name>> {
  const missing = missingPrograms("dnsperf", "gdnsd");
  if (missing !== "") throw new Error(`measuring DNS${missing}`);
  const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-dns-"));
  const [ours = 0, theirs = 0] = await freePorts(2);
  writeFileSync(join(folder, "queries"), `${ZONE} A\n`);
  writeFileSync(join(folder, "world.mmdb"), writeMmdb(someNetworks()));
  const stubs: EdgeStub[] = [];
  for (const { edge } of EDGES) await EdgeStub.start(edge, {}, stubs);
  const server = startOurs(folder, ours, stubs);
  const gdnsd = startGdnsd(folder, theirs);
  const stop = async () => {
    await Promise.all([server.end(), gdnsd.end(), ...stubs.map((stub) => stub.stop())]);
    rmSync(folder, { recursive: true });
  };
  const seconds = quick ? 2 : 5;
  const under = (program: RunningProgram, port: number) => ({ round: () => load(program.pid, port, folder, seconds) });
  await pause(3000); // Both are up, and ours has asked the edges.
  return {
    subjects: { ours: under(server, ours), gdnsd: under(gdnsd, theirs), fuzz: { round: (i) => fuzz(i, quick) } },
    stop,
  };
}

function startOurs(folder: string, port: number, stubs: readonly EdgeStub[]): RunningProgram {
  const settings = {
    zone: ZONE,
    listen: [{ host: "127.0.0.1", port }],
    nameservers: [{ name: `ns1.${ZONE}` }],
    edges: stubs.map(({ name, address }, i) => ({ edge: name, address, v4: EDGES[i]!.v4, place: EDGES[i]!.place })),
    geo: { mmdb: "world.mmdb" },
    answersPerNetwork: { burst: 1e9, perSecond: 1e9 },
  };
  writeFileSync(join(folder, "dns.json"), JSON.stringify(settings));
  const main = join(ROOT, "edge/cli/dns/main.ts");
  return startProgram(process.execPath, [main, "--config", join(folder, "dns.json")]);
}

function startGdnsd(folder: string, port: number): RunningProgram {
  const out = join(folder, "gdnsd");
  const files = gdnsdFiles({
    zone: ZONE,
    nameservers: [{ name: `ns1.${ZONE}`, v4: ["192.0.2.53"], v6: [] }],
    contact: `hostmaster.${ZONE}`,
    ttlS: 10,
    serial: 1,
    policy: "nearest",
    order: [],
    edges: EDGES,
    listen: [{ host: "127.0.0.1", port }],
    mmdb: join(folder, "world.mmdb"),
    networks: [],
    folder: out,
  });
  for (const name of ["run", "state", "zones"]) mkdirSync(join(out, name), { recursive: true });
  for (const { path, text } of files) writeFileSync(join(out, path), text);
  writeFileSync(join(out, HEALTH_FILE), gdnsdHealth(EDGES));
  return startProgram("gdnsd", ["-c", out, "start"]);
}

function someNetworks() {
  return Array.from({ length: 1000 }, (_, i) => ({
    network: `10.${i >> 8}.${i & 255}.0/24`,
    country: "XX",
    latitude: ((i * 37) % 130) - 60,
    longitude: ((i * 101) % 360) - 180,
  }));
}

/** What a server spends on a query while dnsperf asks as fast as it answers. */
async function load(pid: number, port: number, folder: string, seconds: number): Promise<Sample> {
  const before = cpuOf(pid);
  const args = ["-s", "127.0.0.1", "-p", String(port), "-d", join(folder, "queries")];
  const said = await runProgram(findProgram("dnsperf")!, [
    ...args,
    "-l",
    String(seconds),
    "-c",
    "4",
    "-q",
    "100",
    "-e",
    "-E",
    SUBNET,
  ]);
  const spent = cpuOf(pid) - before;
  const figure = (name: RegExp) => Number(name.exec(said)?.[1] ?? Number.NaN);
  const completed = figure(/Queries completed:\s+(\d+)/);
  if (!(completed > 0) || !/NOERROR \d+ \(100\.00%\)/.test(said)) throw new Error(`asking a DNS server:\n${said}`);
  return {
    cpu: spent / completed,
    perSecond: figure(/Queries per second:\s+([\d.]+)/),
    lost: figure(/Queries lost:\s+(\d+)/),
  };
}

/** A round of its own seeds. */
async function fuzz(round: number, quick: boolean): Promise<Sample> {
  const packets = quick ? FUZZ.packets / 10 : FUZZ.packets;
  const total = { packets, answered: 0, understood: 0, amplification: 0, slowestMs: 0 };
  for (let i = 0; i < packets / FUZZ.chunk; i++) {
    const report = fuzzDns(round * 1000 + i + 1, FUZZ.chunk);
    total.answered += report.answered;
    total.understood += report.understood;
    total.amplification = Math.max(total.amplification, report.amplification);
    total.slowestMs = Math.max(total.slowestMs, report.slowestMs);
    await pause(0);
  }
  return total;
}
