import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { DEFAULT_PORTS, planNetwork } from "../../../edge/cli/network/plan.ts";
import { ConfigError } from "../../../edge/config.ts";
import { parseConfig } from "../../../edge/parse-config.ts";
import type { SecretReader } from "../../../edge/secrets.ts";
import { DEFAULT_LIMITS } from "../../../edge/limits.ts";

const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const EDGE = {
  name: "fra",
  region: "eu",
  public: { host: "127.0.0.1", port: 8101 },
  backbone: { host: "127.0.0.1", port: 9101 },
  peers: [{ name: "nyc", role: "edge", key: KEY, address: "ws://127.0.0.1:9102/link" }],
  store: "file:fra.db",
  keys: { private: KEY, network: KEY },
};
const nowhere: SecretReader = () => {
  throw new Error("no such secret");
};

function problems(contents: object | string, read: SecretReader = nowhere): readonly string[] {
  try {
    parseConfig(typeof contents === "string" ? contents : JSON.stringify(contents), "fra.json", read);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test("an edge's file becomes typed values with the defaults filled in", () => {
  const config = parseConfig(JSON.stringify(EDGE), "fra.json", nowhere);
  expect(config).toMatchObject({
    role: "edge",
    name: "fra",
    public: { address: "http://127.0.0.1:8101" },
    store: { url: "file:fra.db", relaxed: false },
    clock: { trusted: false },
    inspect: false,
    limits: DEFAULT_LIMITS,
    proxies: [],
  });
  expect(bytesToHex(config.keys.private)).toBe(KEY);
  expect(config).not.toHaveProperty("jwks");
});

test("a recorder has no listeners, and its database may be a server", () => {
  const { name, peers, keys } = EDGE;
  const store = { url: "libsql://db.example", authToken: { env: "TOKEN" } };
  const config = parseConfig(
    JSON.stringify({ name, peers, keys, role: "recorder", store }),
    "recorder.json",
    () => " secret\n",
  );
  expect(config).toMatchObject({ role: "recorder", store: { url: "libsql://db.example", authToken: "secret" } });
});

test("secrets may stand in files and in the environment", () => {
  const asked: unknown[] = [];
  const keys = { private: { file: "fra.key" }, network: { env: "NETWORK" } };
  parseConfig(JSON.stringify({ ...EDGE, keys }), "fra.json", (reference) => {
    asked.push(reference);
    return KEY;
  });
  expect(asked).toEqual([{ file: "fra.key" }, { env: "NETWORK" }]);
});

test.for<[what: string, contents: object | string, wanted: string[]]>([
  ["broken JSON", "{", ["JSON"]],
  ["a list", [], ["role: got undefined"]],
  [
    "an unknown role",
    { ...EDGE, role: "cook" },
    ['role: got "cook", wanted one of "edge", "recorder", "watcher", "monitor"'],
  ],
  ["a missing name", { ...EDGE, name: undefined }, ["name: got undefined"]],
  ["a name in capitals", { ...EDGE, name: "FRA" }, ['name: got "FRA", wanted a DNS label in lower case']],
  [
    "a port in words",
    { ...EDGE, public: { host: "h", port: "80" } },
    ['public.port: got "80", wanted a port, 1 to 65535'],
  ],
  ["a port too high", { ...EDGE, backbone: { host: "h", port: 65_536 } }, ["backbone.port: got 65536, wanted a port"]],
  ["an unknown setting", { ...EDGE, prot: 1 }, ["prot: is no setting here"]],
  ["an unknown setting below", { ...EDGE, public: { ...EDGE.public, tls: 1 } }, ["public.tls: is no setting here"]],
  [
    "a peer's short key",
    { ...EDGE, peers: [{ ...EDGE.peers[0], key: "00" }] },
    ['peers.0.key: got "00", wanted 32 bytes'],
  ],
  ["a peer's odd address", { ...EDGE, peers: [{ ...EDGE.peers[0], address: "nyc" }] }, ["peers.0.address"]],
  ["a peer twice", { ...EDGE, peers: [EDGE.peers[0], EDGE.peers[0]] }, ['peers: got "nyc" twice']],
  ["itself as peer", { ...EDGE, peers: [{ ...EDGE.peers[0], name: "fra" }] }, ['peers: got "fra" twice']],
  ["a log on a server", { ...EDGE, store: "https://db.example" }, ["store: got a server"]],
  ["one address for both", { ...EDGE, backbone: EDGE.public }, ["backbone: got the public address"]],
  ["no secrets", { ...EDGE, keys: {} }, ["keys.private: got undefined", "keys.network: got undefined"]],
  ["an empty secret", { ...EDGE, keys: { private: "", network: KEY } }, ["keys.private: got nothing"]],
  ["a short secret", { ...EDGE, keys: { private: KEY, network: KEY.slice(2) } }, ["keys.network: got 31 bytes"]],
  [
    "a secret in words",
    { ...EDGE, keys: { private: KEY, network: "changeme" } },
    ["keys.network: got 8 characters that are not hexadecimal"],
  ],
  ["a default secret", { ...EDGE, keys: { private: KEY, network: "42".repeat(32) } }, ["keys.network: got a default"]],
  [
    "a secret that is not there",
    { ...EDGE, keys: { private: KEY, network: { env: "X" } } },
    ["keys.network: no such secret"],
  ],
  [
    "a limit of nothing",
    { ...EDGE, limits: { ballotsPerReceiver: { burst: 0, perSecond: 1 } } },
    ["limits.ballotsPerReceiver.burst: got 0"],
  ],
  [
    "an algorithm with a shared key",
    { ...EDGE, jwks: { url: "https://a", issuer: "i", audience: "a", algorithms: ["HS256"] } },
    ['jwks.algorithms.0: got "HS256"'],
  ],
])("%s is named", ([, contents, wanted]) => {
  const found = problems(contents);
  for (const words of wanted) expect(found.join("\n")).toContain(words);
});

test("everything that is wrong is named at once, and no secret is repeated", () => {
  const found = problems({ ...EDGE, name: "", store: 7, public: {} });
  expect(found.length).toBeGreaterThanOrEqual(3);
  expect(problems({ ...EDGE, keys: { private: "deadbeef", network: KEY } }).join()).not.toContain("deadbeef");
});

describe("an order processor", () => {
  const orders = { provider: { url: "https://provider.example/v1", secret: { env: "S" } }, keys: [{ env: "K" }] };
  const process = (given: object) => {
    const [planned] = planNetwork({
      edges: [],
      processes: [{ name: "orders", role: "orders", store: "file:orders.db", settings: { orders, ...given } }],
      ports: DEFAULT_PORTS,
    }).processes;
    const secrets: Record<string, string> = { S: "shared secret", K: "30ab" };
    return parseConfig(JSON.stringify(planned!.config), "orders.json", (reference) =>
      "env" in reference ? secrets[reference.env]! : "",
    );
  };

  test("has a provider and its keys, each secret from elsewhere", () => {
    expect(process({})).toMatchObject({
      role: "orders",
      orders: {
        provider: { url: "https://provider.example/v1", secret: "shared secret" },
        keys: [Uint8Array.of(0x30, 0xab)],
      },
    });
  });

  test.each([
    ["nothing", { orders: undefined }, /orders: a provider and keys are wanted where the role is "orders"/],
    ["no key", { orders: { ...orders, keys: [] } }, /orders\.keys: .*one envelope key or more/],
    ["a key of other letters", { orders: { ...orders, keys: ["x"] } }, /orders\.keys\.0: got 1 characters/],
    ["a slash at the end", { orders: { ...orders, provider: { url: "https://p/", secret: "s" } } }, /provider\.url/],
    ["shared books in a file", { orders: { ...orders, books: "file:b.db" } }, /orders\.books: got a file/],
    ["orders and another role", { role: "recorder" }, /and nowhere else/],
  ])("with %s is refused", (_what, given, said) => {
    expect(() => process(given)).toThrow(said);
  });
});
