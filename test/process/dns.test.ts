// `redbutton dns` as a program, judged by programs that we did not write: dig, unbound in front of it, gdnsd beside it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { DnsClient } from "../support/dns-client.ts";
import { EdgeStub } from "../support/edge-stub.ts";
import { writeMmdb, type MmdbEntry } from "../support/mmdb.ts";
import { endAll, redbutton, until, type Started } from "../support/processes.ts";
import { edgesDown } from "../support/steering-log.ts";
import { missingPrograms, runProgram, startProgram, type RunningProgram } from "../support/programs.ts";
import { Dice } from "../simulation/dice.ts";

const ZONE = "tv.example.org";
const EDGES = {
  fra: { place: { latitude: 50.11, longitude: 8.68 }, v4: "192.0.2.1", v6: "2001:db8::1" },
  nyc: { place: { latitude: 40.71, longitude: -74.01 }, v4: "192.0.2.2", v6: "2001:db8::2" },
  syd: { place: { latitude: -33.87, longitude: 151.21 }, v4: "192.0.2.3", v6: "2001:db8::3" },
};
const NAMES = ["fra", "nyc", "syd"] as const;
/** Networks all over the globe, the same in each run. */
const WORLD = world(20_000);
const [PARIS, KANSAS, OUTBACK] = ["10.0.0", "10.0.1", "10.0.2"];
/** In no database. */
const NOWHERE = "203.0.113";
/** Longer than the test with a resolver takes, seconds: nothing is asked again because it has expired. */
const TTL_S = 60;
/** Queries under way at once; fewer than a socket's buffer holds. */
const AT_ONCE = 50;

const folder = mkdtempSync(join(tmpdir(), "redbutton-dns-"));
const stubs: EdgeStub[] = [];
const programs: RunningProgram[] = [];
let port: number;
let metricsPort: number;
let server: Started;
let client: DnsClient;

beforeAll(async () => {
  writeFileSync(join(folder, "world.mmdb"), writeMmdb(WORLD));
  for (const name of NAMES) await EdgeStub.start(name, { place: EDGES[name].place }, stubs);
  [port = 0, metricsPort = 0] = await freePorts(2);
  writeSettings({});
  server = redbutton(["dns", "--config", join(folder, "dns.json")]);
  await until("the server", () => server.output().includes("dns is up"));
  client = new DnsClient(port);
});
afterAll(async () => {
  client?.close();
  await endAll();
  for (const program of programs.splice(0)) await program.end();
  for (const stub of stubs) await stub.stop();
  rmSync(folder, { recursive: true, force: true });
});

function writeSettings(more: object): void {
  const settings = {
    zone: ZONE,
    listen: [
      { host: "127.0.0.1", port },
      { host: "::1", port },
    ],
    nameservers: [{ name: `ns1.${ZONE}`, addresses: ["192.0.2.53"] }],
    seeds: stubs.slice(0, 1).map(({ address }) => address),
    edges: stubs.map(({ name, address }) => {
      const { v4, v6 } = EDGES[name as (typeof NAMES)[number]];
      return { edge: name, address, v4: [v4], v6: [v6] };
    }),
    geo: { mmdb: "world.mmdb", networks: [{ network: "172.16.0.0/12", country: "AU" }] },
    answersPerNetwork: { burst: 1e6, perSecond: 1e6 },
    metrics: { host: "127.0.0.1", port: metricsPort },
    ttl: TTL_S,
    ...more,
  };
  writeFileSync(join(folder, "dns.json"), JSON.stringify(settings));
}

function world(count: number): MmdbEntry[] {
  const dice = new Dice(11);
  const somewhere = () => ({ latitude: dice.between(-600, 700) / 10, longitude: dice.between(-1800, 1800) / 10 });
  const known = [
    { latitude: 48.9, longitude: 2.4 },
    { latitude: 39, longitude: -98 },
    { latitude: -25, longitude: 134 },
  ];
  return Array.from({ length: count }, (_, i) => ({
    network: `10.${i >> 8}.${i & 255}.0/24`,
    country: "XX",
    ...(known[i] ?? somewhere()),
  }));
}

const dig = (...args: string[]) =>
  runProgram("dig", ["-p", String(port), "+norecurse", "+tries=1", "+timeout=5", ...args]);
const short = async (...args: string[]) => (await dig("+short", ...args)).trim().split("\n");
const noDig = missingPrograms("dig");

describe("dig", () => {
  test.skipIf(noDig).for([
    [PARIS, "192.0.2.1"],
    [KANSAS, "192.0.2.2"],
    [OUTBACK, "192.0.2.3"],
    ["172.16.9", "192.0.2.3"],
  ] as const)(`gets the nearest edge of %s%s${noDig}`, async ([subnet, address]) => {
    await until("all edges", () => edgesDown(server.output()) === "");
    const whole = await dig("@127.0.0.1", ZONE, `+subnet=${subnet}.0/24`);
    expect(whole).toMatch(new RegExp(`${ZONE}\\.\\s+${TTL_S}\\s+IN\\s+A\\s+${address}\\n`));
    expect(whole).toMatch(/status: NOERROR/);
    expect(whole).toMatch(/flags: qr aa;/);
    expect(whole).toMatch(new RegExp(`CLIENT-SUBNET: ${subnet}\\.0/24/\\d+`));
    expect(whole).toMatch(/COOKIE: \w+ \(good\)/);
    expect(whole).not.toMatch(/WARNING|malformed|[Mm]essage parser/);
  });

  test.skipIf(noDig)(`gets the same over TCP, over IPv6, and without EDNS${noDig}`, async () => {
    for (const how of ["+tcp", "+notcp", "+bufsize=512", "+noedns"])
      expect(await short("@127.0.0.1", `nyc.edge.${ZONE}`, how), how).toEqual(["192.0.2.2"]);
    expect(await short("@::1", "AAAA", `nyc.edge.${ZONE}`)).toEqual(["2001:db8::2"]);
    expect(await short("@::1", `nyc.edge.${ZONE}`, "+tcp", "+keepopen")).toEqual(["192.0.2.2"]);
  });

  test.skipIf(noDig)(`falls back to TCP where an answer is truncated${noDig}`, async () => {
    const ignored = await dig("@127.0.0.1", "NS", ZONE, "+ignore", "+noedns", "+nocookie");
    expect(ignored).toMatch(/flags: qr aa tc;|ANSWER: 1/);
    expect(await short("@127.0.0.1", "NS", ZONE)).toEqual([`ns1.${ZONE}.`]);
  });

  test.skipIf(noDig).for([
    [`nope.${ZONE}`, "NXDOMAIN"],
    [`edge.${ZONE}`, "NOERROR"],
    ["example.com", "REFUSED"],
  ] as const)(`is told about %s: %s${noDig}`, async ([name, status]) => {
    expect(await dig("@127.0.0.1", name)).toContain(`status: ${status}`);
  });
});

describe("edges that fail", () => {
  test.for<[string, (stub: EdgeStub) => void | Promise<void>, (stub: EdgeStub) => void]>([
    ["hangs", (stub) => void (stub.condition = "hung"), (stub) => void (stub.condition = "well")],
    ["is not ready", (stub) => void (stub.condition = "not ready"), (stub) => void (stub.condition = "well")],
    ["drains", (stub) => void (stub.condition = "draining"), (stub) => void (stub.condition = "well")],
    [
      "says that it is full",
      (stub) => void (stub.load = { ...stub.load, receivers: 1000 }),
      (stub) => void (stub.load = { ...stub.load, receivers: 1 }),
    ],
  ])("an edge that %s is given to nobody, and again when it is well", async ([, fail, mend]) => {
    const [fra] = stubs;
    const isGiven = async () => (await client.addresses(ZONE, PARIS))[0];
    await until("fra", async () => (await isGiven()) === "192.0.2.1");
    await fail(fra!);
    await until("another edge", async () => (await isGiven()) === "192.0.2.2");
    mend(fra!);
    await until("fra again", async () => (await isGiven()) === "192.0.2.1");
  });

  test("all of them: the nearest one is given all the same", async () => {
    for (const stub of stubs) stub.condition = "not ready";
    await until("three edges down", () => edgesDown(server.output()) === "fra nyc syd");
    expect(await client.addresses(ZONE, KANSAS)).toEqual(["192.0.2.2"]);
    for (const stub of stubs) stub.condition = "well";
    await until("fra again", async () => (await client.addresses(ZONE, PARIS))[0] === "192.0.2.1");
  });
});

test("SIGHUP takes new settings without a gap, and keeps the old ones where the new are wrong", async () => {
  let asked = 0;
  let going = true;
  const asking = (async () => {
    for (; going; asked++) await client.ask(ZONE, PARIS);
  })();
  writeSettings({ admin: { fra: "down" } });
  server.signal("SIGHUP");
  await until("the reload", async () => (await client.addresses(ZONE, PARIS))[0] === "192.0.2.2");
  writeFileSync(join(folder, "dns.json"), '{"zone": "TV"}');
  server.signal("SIGHUP");
  await until("the complaint", () => server.output().includes("the old settings stay"));
  expect(server.output()).toContain('zone: got \\"TV\\"');
  await until("the old settings' answer", async () => (await client.addresses(ZONE, PARIS))[0] === "192.0.2.2");
  writeSettings({});
  server.signal("SIGHUP");
  await until("fra again", async () => (await client.addresses(ZONE, PARIS))[0] === "192.0.2.1");
  going = false;
  await asking;
  expect(asked).toBeGreaterThan(20);
});

test("says why it gave an answer, and counts", async () => {
  await client.ask(ZONE, OUTBACK);
  await until("the explanation", () => /"edge":"syd","reason":"\d+ km away"/.test(server.output()));
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(text).toMatch(/^redbutton_dns_edges_total\{edge="syd"\} [1-9]/m);
  expect(text).toMatch(/^redbutton_dns_answers_total\{rcode="NXDOMAIN"\} [1-9]/m);
});

const noUnbound = missingPrograms("unbound", "dig");
test.skipIf(noUnbound)(
  `a recursive resolver passes each client's subnet on, and keeps the answers apart by their scope${noUnbound}`,
  async () => {
    const [resolverPort = 0] = await freePorts(1);
    const config = join(folder, "unbound.conf");
    writeFileSync(config, unboundConfig(resolverPort));
    programs.push(startProgram("unbound", ["-d", "-p", "-c", config]));
    const ask = async (subnet: string) =>
      (
        await runProgram("dig", [
          "@127.0.0.1",
          "-p",
          String(resolverPort),
          "+short",
          "+tries=1",
          "+timeout=5",
          ZONE,
          `+subnet=${subnet}.0/24`,
        ])
      ).trim();
    await until("all edges", () => edgesDown(server.output()) === "");
    await until("the resolver", async () => (await ask(PARIS).catch(() => "")) === "192.0.2.1");
    const before = queriesSeen(await metrics());
    for (let i = 0; i < 3; i++) {
      expect(await ask(PARIS)).toBe("192.0.2.1");
      expect(await ask(KANSAS)).toBe("192.0.2.2");
      expect(await ask(OUTBACK)).toBe("192.0.2.3");
    }
    // It asked us once for each network at most, and not once for each client.
    expect(queriesSeen(await metrics()) - before).toBeLessThan(9);
  },
);

async function metrics(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
}

function queriesSeen(text: string): number {
  return Number(/^redbutton_dns_queries_total\{transport="udp"\} (\d+)/m.exec(text)?.[1]);
}

function unboundConfig(resolverPort: number): string {
  return `server:
  interface: 127.0.0.1@${resolverPort}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  do-not-query-localhost: no
  num-threads: 1
  module-config: "subnetcache iterator"
  send-client-subnet: 127.0.0.1
  client-subnet-always-forward: yes
  max-client-subnet-ipv4: 24
remote-control:
  control-enable: no
stub-zone:
  name: "${ZONE}"
  stub-addr: 127.0.0.1@${port}
`;
}

const noGdnsd = missingPrograms("gdnsd");
describe("gdnsd, configured by the export", () => {
  let theirs: DnsClient;

  beforeAll(async () => {
    if (noGdnsd) return;
    const [theirPort = 0] = await freePorts(1);
    const out = join(folder, "gdnsd");
    writeSettings({ listen: [{ host: "127.0.0.1", port: theirPort }] });
    const exported = redbutton([
      "dns",
      "export",
      "gdnsd",
      "--settings",
      join(folder, "dns.json"),
      "--out",
      out,
      "--watch",
    ]);
    await until("the export", () => exported.output().includes("current"));
    const gdnsd = startProgram("gdnsd", ["-c", out, "start"]);
    programs.push(gdnsd);
    theirs = new DnsClient(theirPort);
    await until("gdnsd", () => gdnsd.output().includes("DNS listeners started") || gdnsd.output().includes("fatal"));
    if (gdnsd.output().includes("fatal")) throw new Error(gdnsd.output());
  });
  afterAll(() => theirs?.close());

  /** Those of these networks to which the two give different addresses. */
  async function differingIn(subnets: readonly string[]): Promise<string[]> {
    const differing: string[] = [];
    const compare = async (subnet: string) => {
      const [ours, their] = await Promise.all([client.addresses(ZONE, subnet), theirs.addresses(ZONE, subnet)]);
      if (ours.length === 0 || ours.join() !== their.join()) differing.push(subnet);
    };
    for (let i = 0; i < subnets.length; i += AT_ONCE) await Promise.all(subnets.slice(i, i + AT_ONCE).map(compare));
    return differing;
  }

  test.skipIf(noGdnsd)(`gives the same answer to each of 20,000 networks${noGdnsd}`, async () => {
    const differing = await differingIn(WORLD.map(({ network }) => network.replace(/\.0\/24$/, "")));
    // An edge of a busy machine may have missed one server's checks and not the other's; whoever differs then agrees later.
    await until("both to agree", async () => (await differingIn(differing)).length === 0).catch(() => {});
    expect(await differingIn(differing)).toEqual([]);
    for (const name of [`fra.edge.${ZONE}`, `final.show.${ZONE}`, `0.final.show.${ZONE}`])
      expect(await theirs.addresses(name, KANSAS), name).toEqual(await client.addresses(name, KANSAS));
  });

  test.skipIf(noGdnsd)(
    `differs where a client's place is unknown: it gives its first edge to all${noGdnsd}`,
    async () => {
      const given = async (server: DnsClient) => {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => server.addresses(ZONE, NOWHERE)));
        return [...new Set(answers.flat())].toSorted().join(" ");
      };
      await until("its first edge", async () => (await given(theirs)) === "192.0.2.1");
      await until("all of ours", async () => (await given(client)) === "192.0.2.1 192.0.2.2 192.0.2.3");
    },
  );

  test.skipIf(noGdnsd)(`differs where an edge is full: it gives it all the same${noGdnsd}`, async () => {
    const [fra] = stubs;
    const well = fra!.load;
    fra!.load = { ...well, receivers: 1000 };
    await until("ours to give another", async () => (await client.addresses(ZONE, PARIS))[0] === "192.0.2.2");
    await until("theirs to give it", async () => (await theirs.addresses(ZONE, PARIS))[0] === "192.0.2.1");
    fra!.load = well;
    await until("ours to give it again", async () => (await client.addresses(ZONE, PARIS))[0] === "192.0.2.1");
  });

  test.skipIf(noGdnsd)(`leaves out an edge that is down, as we do, and takes it back${noGdnsd}`, async () => {
    const [fra] = stubs;
    fra!.condition = "not ready";
    const both = (address: string) => async () =>
      (await client.addresses(ZONE, PARIS))[0] === address && (await theirs.addresses(ZONE, PARIS))[0] === address;
    await until("both to give another", both("192.0.2.2"));
    fra!.condition = "well";
    await until("both to give it again", both("192.0.2.1"));
  });
});

test("ends where its settings are wrong, with all that is wrong with them", async () => {
  const path = join(folder, "wrong.json");
  writeFileSync(path, JSON.stringify({ zone: "tv.example.org.", listen: [], policy: "best", colour: 1 }));
  const wrong = redbutton(["dns", "--config", path]);
  expect(await wrong.exited).toBe(78);
  for (const what of ["zone: got", "listen: got", "policy: got", "nameservers: got", "colour: is no setting"])
    expect(wrong.output()).toContain(what);
});
