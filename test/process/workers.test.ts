// Cloudflare's edges in workerd, on the bundle that would be deployed: the same audience, and the same exact result.
import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { afterEach, describe, expect, test } from "vitest";
import { newIdentity, publicKeyHex } from "../../crdt/replicate/introduction.ts";
import { EdgeApi } from "../../edge/cli/api.ts";
import { runAudience, type AudiencePoll } from "../../edge/cli/audience/audience.ts";
import { readBooks } from "../../edge/cli/audience/books.ts";
import { objectPeers } from "../../edge/cli/network/object-peers.ts";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { SAMPLE_SHOW } from "../../edge/cli/sample-show.ts";
import { askHealth } from "../../edge/cli/supervise/status.ts";
import { pollText } from "../../edge/cli/verify/poll-report.ts";
import { verifyShow } from "../../edge/cli/verify/verify.ts";
import { LINK_PATH } from "../../edge/runtime/host/door.ts";
import { deriveTokenKeys } from "../../edge/token.ts";
import { cleanUp, removeFolder } from "../support/database.ts";
import { Isolate } from "../support/isolate.ts";
import { MemberProcess } from "../support/member-process.ts";
import { endAll, redbutton, until } from "../support/processes.ts";
import { findSqld, startSqld, type Sqld } from "../support/sqld.ts";
import { Workerd } from "../support/workerd.ts";

const SECRET = "a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778899aabbccddeeff00";
const REGIONS = ["fra", "nyc", "syd"];
const { id: SHOW, polls } = SAMPLE_SHOW;
const POLL: AudiencePoll = { id: polls[0].id, mode: "last", votes: 1, options: polls[0].options.map(({ id }) => id) };
const PATIENCE = { timeoutMs: 10_000, deadlineMs: 120_000 } as const;
const sqldProgram = findSqld();

interface Place {
  readonly folder: string;
  readonly sqld: Sqld;
  readonly workerd: Workerd;
  readonly edges: readonly { readonly name: string; readonly address: string }[];
}

const ended: (() => unknown)[] = [];
afterEach(async () => {
  await endAll();
  await cleanUp(ended);
});

/** A network in workerd, with a libSQL server, on free ports. */
async function startWorkers(
  ports: readonly number[],
  bindings: Record<string, string> = {},
  inspectorPort?: number,
): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "redbutton-workerd-"));
  ended.push(() => removeFolder(folder));
  const sqld = await startSqld(folder);
  ended.push(() => sqld.kill());
  const edges = REGIONS.map((name, i) => ({ name, address: `http://127.0.0.1:${ports[i]}` }));
  const workerd = new Workerd(folder, {
    ports: Object.fromEntries(REGIONS.map((region, i) => [region, ports[i]!])),
    bindings: {
      REGIONS: "fra=weur,nyc=enam,syd=oc",
      OBJECTS: "2",
      ADDRESS: edges[0]!.address,
      NETWORK_SECRET: SECRET,
      LIBSQL_URL: sqld.url,
      ...bindings,
    },
    ...(inspectorPort === undefined ? {} : { inspectorPort }),
  });
  ended.push(() => workerd.kill());
  await workerd.start();
  return { folder, sqld, workerd, edges };
}

function api(edges: Place["edges"], name: string): EdgeApi {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const claims = { sub: "test", exp, role: "producer", shows: "*" } as const;
  const token = deriveTokenKeys(hexToBytes(SECRET)).operators.sign(claims);
  return new EdgeApi(edges.find((edge) => edge.name === name)!.address, token);
}

/** Creates the sample show and opens its first poll; an edge that has just started is asked again. */
async function open(edges: Place["edges"]): Promise<void> {
  await until("a show", () =>
    api(edges, "nyc")
      .createShow({ ...SAMPLE_SHOW, shards: 2 })
      .then(
        () => true,
        (error: unknown) => String(error).includes("show_exists"),
      ),
  );
  // The object that is asked next may not have heard of the show yet.
  for (const command of ["arm", "open"] as const)
    await until(`"${command}"`, () =>
      api(edges, "nyc")
        .command(SHOW, POLL.id, command)
        .then(
          () => true,
          (error: unknown) => String(error).includes("poll_state"),
        ),
    );
}

/** Has receivers vote, and keeps books of what they heard. */
type Audience = (edges: Place["edges"], books: string) => Promise<void>;

/** An audience of this process; once a third of it has finished, `accident` happens, which sees how many have. */
function audienceOf(receivers: number, accident: (finished: () => number) => Promise<void>): Audience {
  return async (edges, books) => {
    let now = 0;
    let happened: Promise<void> | undefined;
    const onprogress = ({ finished }: { finished: number }) => {
      now = finished;
      if (finished > receivers / 3) happened ??= accident(() => now);
    };
    const options = { edges, secret: hexToBytes(SECRET), show: SHOW, poll: POLL, receivers, rate: 200, seed: 3, books };
    const report = await runAudience({ ...options, ...PATIENCE, onprogress });
    await happened;
    expect(happened, "the accident").toBeDefined();
    expect(report).toMatchObject({ ok: true, receivers });
  };
}

/** An audience by the command line, with the network's secret in a file. */
function audienceByCommand(receivers: number): Audience {
  return async (edges, books) => {
    const secret = `${books}.secret`;
    writeFileSync(secret, SECRET);
    const addresses = edges.map(({ address }) => address).join();
    const wish = ["--receivers", String(receivers), "--rate", "200", "--seed", "3", "--deadline", "120"];
    const command = redbutton(["audience", "--secret", secret, "--edges", addresses, "--books", books, ...wish]);
    expect(await command.exited, command.output()).toBe(0);
  };
}

/** Lets an audience vote, closes, and compares everything that there is to compare. */
async function playAndVerify({ folder, sqld, edges }: Place, audience: Audience): Promise<void> {
  const books = join(folder, "books.ndjson");
  await audience(edges, books);
  await api(edges, "syd").command(SHOW, POLL.id, "close");
  for (const { name } of edges)
    await until(
      `the final at ${name}`,
      async () => (await api(edges, name).show(SHOW)).polls.find(({ id }) => id === POLL.id)?.final,
      60_000,
    );
  const recorder = { url: sqld.url, relaxed: false };
  const sources = { show: SHOW, edges, recorder, secret: hexToBytes(SECRET), books: [readBooks(books)] };
  const verified = await verifyShow(sources);
  expect(verified.ok, verified.polls.map(pollText).join("\n")).toBe(true);
}

describe.skipIf("missing" in sqldProgram)("three regions with two objects each, in workerd", () => {
  test("count a whole audience exactly, though every object is killed in the middle", async () => {
    const place = await startWorkers(await freePorts(REGIONS.length));
    await open(place.edges);
    await playAndVerify(
      place,
      audienceOf(1200, () => place.workerd.kill().then(() => place.workerd.start())),
    );
  });

  test("count a whole audience exactly, though one object is ended in the middle", async () => {
    const [inspectorPort, ...ports] = await freePorts(REGIONS.length + 1);
    const place = await startWorkers(ports, {}, inspectorPort);
    await open(place.edges);
    const boot = async () => {
      const response = await fetch(`${place.edges[0]!.address}/healthz?member=fra-0`);
      return ((await response.json()) as { boot?: string }).boot;
    };
    const before = await until("a boot", boot);
    await playAndVerify(
      place,
      audienceOf(900, async () => {
        const isolate = await Isolate.connect(inspectorPort!, "objects");
        ended.push(() => isolate.close());
        await isolate.endMember("fra-0");
        await until("another boot", async () => (await boot().catch(() => before)) !== before);
      }),
    );
  });

  test("go on acknowledging while the database is away, and all is recorded once it is back", async () => {
    const place = await startWorkers(await freePorts(REGIONS.length));
    await open(place.edges);
    await playAndVerify(
      place,
      audienceOf(900, async (finished) => {
        await place.sqld.kill();
        // More than were under way when it ended, and flushes enough for the recorder to have failed at several.
        const enough = finished() + 300;
        await until("ballots without a database", () => finished() >= enough, PATIENCE.deadlineMs);
        await place.sqld.restart();
      }),
    );
  });

  test("are one mesh with an edge on a machine of its own: each side dials some of the other", async () => {
    const [own, backbone, ...ports] = await freePorts(REGIONS.length + 2);
    const network = hexToBytes(SECRET);
    // By name after fra's objects, which dial it, and before nyc's and syd's, which it dials.
    const identity = newIdentity("lon", "edge", { bytes: (length) => new Uint8Array(randomBytes(length)) });
    const link = `ws://127.0.0.1:${backbone}${LINK_PATH}`;
    const peer = { name: "lon", role: "edge", key: publicKeyHex(identity), address: link };
    const place = await startWorkers(ports, { PEERS: JSON.stringify([peer]) });
    const config = join(place.folder, "lon.json");
    writeFileSync(
      config,
      JSON.stringify({
        name: "lon",
        role: "edge",
        region: "lon",
        public: { host: "127.0.0.1", port: own },
        backbone: { host: "127.0.0.1", port: backbone },
        peers: objectPeers({ address: place.edges[0]!.address, regions: REGIONS, objects: 2, network }),
        store: "file:lon.db",
        keys: { private: bytesToHex(identity.secretKey), network: SECRET },
      }),
    );
    const lon = new MemberProcess("lon", config, "deno");
    ended.push(() => lon.kill());
    lon.start();
    const edges = [...place.edges, { name: "lon", address: `http://127.0.0.1:${own}` }];
    await until("lon to be linked with everyone", async () => {
      const health = await askHealth(edges.at(-1)!.address);
      return health?.links.length === 7 && health.links.every((each) => each.open);
    });
    await open(edges);
    await until("the show at lon", async () =>
      (await askHealth(edges.at(-1)!.address))?.shows.some(({ ready }) => ready),
    );
    await playAndVerify({ ...place, edges }, audienceByCommand(600));
  });
});
