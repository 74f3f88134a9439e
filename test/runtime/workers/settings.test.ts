// What a deployment is configured to be, and where receivers are sent by it.
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../edge/config.ts";
import { doorOf } from "../../../edge/runtime/workers/door.ts";
import type { Env } from "../../../edge/runtime/workers/env.ts";
import { Keeper } from "../../../edge/runtime/workers/keeper.ts";
import { objectIdentity, objectMembers, peersOf, shardsOf } from "../../../edge/runtime/workers/members.ts";
import { readSettings } from "../../../edge/runtime/workers/settings.ts";
import { DOWN_MS, Steering } from "../../../edge/runtime/workers/steering.ts";
import { DOZE_MS, LINGER_MS, ownReason, reasonToStay } from "../../../edge/runtime/workers/wakefulness.ts";
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { assertSameNetwork } from "../../../edge/runtime/workers/settings.ts";

const SECRET = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const given = {
  REGIONS: "fra=weur,nyc=enam,oc",
  OBJECTS: "2",
  ADDRESS: "https://vote.example",
  NETWORK_SECRET: SECRET,
};

function environment(more: Partial<Env> = {}): Env {
  return { EDGES: env.EDGES, RECORDER: env.RECORDER, ORDERS: env.ORDERS, ...given, ...more };
}

function problemsOf(more: Partial<Env>): readonly string[] {
  try {
    readSettings(environment(more));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

describe("settings", () => {
  test("are read once, with defaults", () => {
    expect(readSettings(environment())).toMatchObject({
      regions: [
        { name: "fra", hint: "weur" },
        { name: "nyc", hint: "enam" },
        { name: "oc", hint: "oc" },
      ],
      objects: 2,
      policy: "nearest",
      peers: [],
      database: undefined,
      inspect: false,
    });
  });

  test.for<[name: string, value: string, problem: RegExp]>([
    ["NETWORK_SECRET", "", /^NETWORK_SECRET: got nothing, wanted 32 random bytes/],
    ["NETWORK_SECRET", SECRET.slice(2), /^NETWORK_SECRET: got 31 bytes/],
    ["NETWORK_SECRET", "00".repeat(32), /^NETWORK_SECRET: got a default/],
    ["REGIONS", "", /^REGIONS: got nothing/],
    ["REGIONS", "fra=mars", /^REGIONS: got "fra=mars", wanted NAME=HINT/],
    ["REGIONS", "fra=weur,fra=oc", /^REGIONS: got "fra" twice/],
    ["OBJECTS", "0", /^OBJECTS: got "0", wanted 1 to 64/],
    ["POLICY", "best", /^POLICY: got "best", wanted one of nearest/],
    ["ADDRESS", "vote.example", /^ADDRESS: got "vote.example"/],
    ["LIBSQL_URL", "file:x.db", /^LIBSQL_URL: got "file:x.db"/],
    ["PEERS", "[{}]", /^PEERS: /],
    ["PROVIDER_URL", "provider.example", /^PROVIDER_URL: got "provider.example", wanted/],
    ["PROVIDER_URL", "https://provider.example", /^PROVIDER_URL: got it without LIBSQL_URL/],
    ["THRESHOLDS", "no", /^THRESHOLDS: got "no", wanted on or off/],
    ["INSPECT", "yes", /^INSPECT: got "yes", wanted on or off/],
    ["JWKS", "{", /^JWKS: /],
    ["REGION", "mars", /^REGION: got "mars", wanted one of REGIONS/],
  ])("say which one is wrong: %s = %j", ([name, value, problem]) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain(SECRET.slice(2, 20));
  });

  test("of what sells are an address, a secret and keys, or none of them", () => {
    const selling = { LIBSQL_URL: "http://database", PROVIDER_URL: "https://provider.example/v1" };
    expect(problemsOf(selling)).toEqual([
      expect.stringMatching(/^PROVIDER_SECRET: got nothing/),
      expect.stringMatching(/^ENVELOPE_KEYS: got nothing/),
    ]);
    expect(problemsOf({ ...selling, PROVIDER_SECRET: "s", ENVELOPE_KEYS: "3042,no key" })).toEqual([
      expect.stringMatching(/^ENVELOPE_KEYS: got 6 characters that are no key/),
    ]);
    const secrets = { PROVIDER_SECRET: "s\n", ENVELOPE_KEYS: "3042, 3043" };
    expect(readSettings(environment({ ...selling, ...secrets })).selling).toEqual({
      provider: { url: "https://provider.example/v1", secret: "s" },
      keys: [Uint8Array.of(0x30, 0x42), Uint8Array.of(0x30, 0x43)],
    });
  });

  test("that are wrong keep the Worker from starting, and its answer says which", async () => {
    const refused = doorOf(environment({ NETWORK_SECRET: "" }));
    if (!(refused instanceof Response)) throw new Error("it has started");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      code: "not_ready",
      reasons: [expect.stringContaining("NETWORK_SECRET")],
    });
  });

  test("a secret that is another one than before is refused by the object", async () => {
    const stub = env.EDGES.get(env.EDGES.idFromName("fingerprint"));
    await runInDurableObject(stub, async (_object, { storage }) => {
      await assertSameNetwork(storage, new Uint8Array(32).fill(1));
      await assertSameNetwork(storage, new Uint8Array(32).fill(1));
      await expect(assertSameNetwork(storage, new Uint8Array(32).fill(2))).rejects.toThrow(
        /NETWORK_SECRET: got another one/,
      );
    });
  });
});

describe("members", () => {
  const settings = readSettings(environment({ LIBSQL_URL: "https://db.example" }));

  test("are regions × objects and the recorder, each with keys of its own from one secret", () => {
    const members = objectMembers(settings);
    expect(members.map(({ name }) => name)).toEqual(["fra-0", "fra-1", "nyc-0", "nyc-1", "oc-0", "oc-1", "recorder"]);
    const keys = members.map((member) => String(objectIdentity(member, settings.network).publicKey));
    expect(new Set(keys).size).toBe(members.length);
  });

  test("know everyone, and are linked with their like, their region and the recorder", () => {
    const linked = (name: string) => {
      const self = objectMembers(settings).find((member) => member.name === name)!;
      const peers = peersOf(self, settings);
      expect(peers.length).toBe(6);
      return peers.flatMap((peer) => (peer.address === undefined ? [] : [peer.name]));
    };
    expect(linked("fra-0")).toEqual(["fra-1", "nyc-0", "oc-0"]);
    expect(linked("nyc-1")).toEqual(["fra-1", "nyc-0", "oc-1"]);
    expect(linked("recorder")).toEqual(["fra-0", "fra-1", "nyc-0", "nyc-1", "oc-0", "oc-1"]);
  });

  test("have an order processor where something is sold, which dials everyone and is dialled by nobody", () => {
    const selling = { provider: { url: "http://provider", secret: "s" }, keys: [] };
    const members = objectMembers({ ...settings, selling });
    const dialled = (name: string) =>
      peersOf(
        members.find((member) => member.name === name)!,
        { ...settings, selling },
      ).flatMap((peer) => (peer.address === undefined ? [] : [peer.name]));
    expect(members).toHaveLength(8);
    expect(dialled("orders")).toEqual(["fra-0", "fra-1", "nyc-0", "nyc-1", "oc-0", "oc-1", "recorder"]);
    expect(dialled("recorder")).not.toContain("orders");
    expect(dialled("fra-0")).not.toContain("orders");
  });

  test("share a show's shards, whatever their number", () => {
    expect([0, 1].map((index) => shardsOf(index, 2, 5))).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
    expect([0, 1].map((index) => shardsOf(index, 2, 1))).toEqual([[0], []]);
  });
});

describe("steering", () => {
  const sydney = { latitude: -33.9, longitude: 151.2 };
  let now = 0;
  const steering = (more: Partial<Env> = {}) =>
    new Steering(
      readSettings(environment(more)),
      () => now,
      () => 0.5,
    );

  test("gives the nearest object that has the shard, and the next when it has failed", () => {
    const chosen = steering();
    expect(chosen.order({ place: () => sydney, index: 1 })).toEqual(["oc-1", "nyc-1", "fra-1"]);
    chosen.failed("oc-1");
    expect(chosen.order({ place: () => sydney, index: 1 })[0]).toBe("nyc-1");
    now += DOWN_MS;
    expect(chosen.order({ place: () => sydney, index: 1 })[0]).toBe("oc-1");
  });

  test("takes turns, prefers the less used, or stays in its region, as configured", () => {
    const turns = steering({ POLICY: "round-robin" });
    expect([1, 2, 3].map(() => turns.order({ place: () => undefined, index: 0 })[0])).toEqual([
      "fra-0",
      "nyc-0",
      "oc-0",
    ]);
    const free = steering({ POLICY: "nearest" });
    free.learn("oc-0", { receivers: 32_000, ballotsPerS: 1, capacity: { receivers: 32_000, ballotsPerS: 1000 } });
    expect(free.order({ place: () => sydney, index: 0 })[0]).toBe("nyc-0");
    expect(steering({ REGION: "fra" }).order({ place: () => sydney, index: 1 })).toEqual(["fra-1"]);
  });

  test("asks for a load once in a while, of those that have the shard", () => {
    const chosen = steering();
    expect(chosen.stale(1)).toEqual(["fra-1", "nyc-1", "oc-1"]);
    expect(chosen.stale(1)).toEqual([]);
  });
});

describe("an object stays awake", () => {
  const idle = { now: 1_000_000, wokenAt: 0, askedAt: 0, isBusy: false, hasReaders: false, isRecorded: false };

  test("for a show, for readers, for whoever asked lately, and as long as the recorder", () => {
    expect(reasonToStay(idle)).toBeUndefined();
    expect(ownReason({ ...idle, isBusy: true })).toBeDefined();
    expect(ownReason({ ...idle, hasReaders: true })).toBeDefined();
    expect(ownReason({ ...idle, askedAt: idle.now - LINGER_MS + 1 })).toBeDefined();
    expect(ownReason({ ...idle, askedAt: idle.now - LINGER_MS })).toBeUndefined();
    expect(ownReason({ ...idle, isRecorded: true })).toBeUndefined();
    expect(reasonToStay({ ...idle, isRecorded: true })).toBeDefined();
  });

  test("and for a moment after it woke, to find out whether it is needed", () => {
    expect(reasonToStay({ ...idle, wokenAt: idle.now - DOZE_MS + 1 })).toBeDefined();
    expect(reasonToStay({ ...idle, wokenAt: idle.now - DOZE_MS })).toBeUndefined();
  });
});

test("a process that is needed is asked for soon until it has a link, and seldom from then on", async () => {
  let asked = 0;
  const keeper = new Keeper(async () => void (asked += 1));
  const askedAt = async (now: number, isLinked: boolean) => {
    await keeper.keep(now, isLinked);
    return asked;
  };
  expect(await askedAt(100_000, false)).toBe(1);
  expect(await askedAt(100_900, false)).toBe(1);
  expect(await askedAt(101_000, false)).toBe(2);
  expect(await askedAt(120_000, true)).toBe(2);
  expect(await askedAt(121_000, true)).toBe(3);
});
