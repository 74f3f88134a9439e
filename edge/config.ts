import { hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { EDGE_NAME, MAX_EDGE_NAME_BYTES } from "../crdt/batch.ts";
import { SIGNATURE_ALGORITHMS, type BroadcasterConfig } from "./jwks.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { geoSettings, placeSetting, type GeoSettings } from "./steering/geo.ts";
import { DEFAULT_CAPACITY, type Capacity } from "./steering/load.ts";
import type { Place } from "./steering/place.ts";

/**
 * The configuration of one member of a network, an edge or a process: one JSON file, read once into these values before
 * anything starts.
 */
export type Config = EdgeConfig | ProcessConfig;

export interface EdgeConfig extends MemberConfig {
  readonly role: "edge";
  /** Where receivers, producers and readers come in; `address` is what they are told to use. */
  readonly public: ListenConfig & { readonly address: string };
  /** Where links come in: an address of its own, never reachable by receivers. */
  readonly backbone: ListenConfig;
  /** Where it stands: receivers near it are sent here. */
  readonly place?: Place;
  /** What tells it where receivers are, for /v1/edges/nearest. */
  readonly geo?: GeoSettings;
  /** How much work it is built for. */
  readonly capacity: Capacity;
  /** Proxies in front of this edge, whose word on a client's address (X-Forwarded-For) is taken. */
  readonly proxies: readonly string[];
  /** A broadcaster whose own tokens are taken. */
  readonly jwks?: BroadcasterConfig;
  readonly limits: Limits;
  /** Where shows' HLS is had from: show, or "*" for every other, → a folder, or an encoder's http address. */
  readonly hls: Readonly<Record<string, string>>;
  /** Watches thresholds, too. */
  readonly watch: boolean;
}

export interface ProcessConfig extends MemberConfig {
  readonly role: ProcessRole;
  /** Where other processes' links come in; edges are always dialled. */
  readonly backbone?: ListenConfig;
  /** Where /healthz and /metrics are answered: never reachable by receivers. */
  readonly status?: ListenConfig;
  /** An order processor's alone. */
  readonly orders?: OrdersConfig;
}

export interface OrdersConfig {
  /** The provider that takes the money, and what signs requests to it. */
  readonly provider: { readonly url: string; readonly secret: string };
  /** Envelope keys, the newest first: PKCS #8. */
  readonly keys: readonly Uint8Array[];
  /** The books, on a libSQL server, where other processors share them. */
  readonly books?: StoreConfig;
}

export interface ListenConfig {
  readonly host: string;
  readonly port: number;
}

interface MemberConfig {
  readonly name: string;
  readonly region: string;
  readonly peers: readonly PeerConfig[];
  /** A durable log; a recorder's is the permanent database. */
  readonly store: StoreConfig;
  /**
   * Where a watcher latches cues: the permanent database on its server. Absent where the recorder is in the same process,
   * and where a watcher there latches for this one.
   */
  readonly latch?: StoreConfig;
  /** Address of the content encoder: whoever watches thresholds sends cues there. */
  readonly encoder?: string;
  readonly keys: {
    /** Ed25519 secret key (its seed), 32 bytes. */
    readonly private: Uint8Array;
    /** The network's secret, 32 bytes: tokens and shows' keys depend on it. */
    readonly network: Uint8Array;
  };
  readonly clock: { readonly trusted: boolean };
  /** Whether this member answers the inspector: to its holders of an inspector's token, and to its peers. */
  readonly inspect: boolean;
}

export interface PeerConfig {
  readonly name: string;
  readonly role: Role;
  /** Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  /** Address of its backbone; a process has none, and dials. */
  readonly address?: string;
  /** False: known by its key, and reached through a hub. */
  readonly linked?: false;
}

export interface StoreConfig {
  /** `file:PATH`, or a libSQL server at `http(s)://` or `libsql://`. */
  readonly url: string;
  readonly authToken?: string;
  /** Takes a server that answers before it has fsynced. */
  readonly relaxed: boolean;
}

/** A secret stands in the file itself, in a file of its own, or in the environment. */
export type SecretReference = string | { readonly file: string } | { readonly env: string };
type ElsewhereSecret = Exclude<SecretReference, string>;

/** Reads a secret that stands elsewhere; throws with the reason where it cannot. */
export interface SecretReader {
  (reference: ElsewhereSecret): string;
}

/** What a process is there for; a monitor is there for everything, over a database in a file. */
export const PROCESS_ROLES = ["recorder", "watcher", "monitor", "orders", "hub"] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];
const ROLES = ["edge", ...PROCESS_ROLES] as const;
type Role = (typeof ROLES)[number];

export const KEY_BYTES = 32;
/** With fewer different bytes, 32 of them are a default or a joke: of 10¹⁵ random keys one at most is like that. */
const LEAST_DIFFERENT_BYTES = 16;

/** What is wrong with a configuration: all of it, a line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(source: string, problems: readonly string[]) {
    super(`reading configuration "${source}":\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

const text = (wanted: string) => v.pipe(v.string(wanted), v.minLength(1, wanted));
const port = (() => {
  const wanted = "a port, 1 to 65535";
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(1, wanted), v.maxValue(65_535, wanted));
})();
const memberName = (() => {
  const wanted = `a DNS label in lower case, at most ${MAX_EDGE_NAME_BYTES} characters`;
  return v.pipe(v.string(wanted), v.regex(EDGE_NAME, wanted), v.maxLength(MAX_EDGE_NAME_BYTES, wanted));
})();
const publicKey = v.pipe(
  v.string(`${KEY_BYTES} bytes in hexadecimal`),
  v.regex(/^[0-9a-f]{64}$/, `${KEY_BYTES} bytes in hexadecimal`),
);
const url = (wanted: string, schemes: RegExp) => v.pipe(v.string(wanted), v.regex(schemes, wanted));
const role = v.picklist(ROLES, oneOf(ROLES));
const secretFile = v.strictObject({ file: text("a path") });
const secretEnv = v.strictObject({ env: text("a variable's name") });
const secret = v.union([v.string(), secretFile, secretEnv], `a secret, {"file": PATH} or {"env": NAME}`);
const address = v.strictObject({ host: text("an address to listen on"), port });

/** A member elsewhere, as configurations name it. */
export const peer = v.strictObject({
  name: memberName,
  role,
  key: publicKey,
  address: v.optional(url(`"ws://HOST:PORT/link"`, /^wss?:\/\/\S+\/link$/)),
  linked: v.exactOptional(v.literal(false, "false, or nothing")),
});
const storeUrl = url(
  `"file:PATH", or a libSQL server's "https://…", "http://…" or "libsql://…"`,
  /^(file:.|https?:\/\/.|libsql:\/\/.)/,
);
const store = v.union(
  [storeUrl, v.strictObject({ url: storeUrl, authToken: v.optional(secret), relaxed: v.optional(v.boolean()) })],
  `"file:PATH", or {"url": "https://…", "authToken": {"env": NAME}}`,
);
const algorithm = v.picklist(SIGNATURE_ALGORITHMS, oneOf(SIGNATURE_ALGORITHMS));
const positive = v.pipe(v.number("a number above 0"), v.gtValue(0, "a number above 0"));
const limit = v.strictObject({ burst: v.pipe(positive, v.minValue(1, "1 or more")), perSecond: positive });
const limitEntries = {
  receiversPerAddress: v.optional(limit, DEFAULT_LIMITS.receiversPerAddress),
  receiversPerSubnet: v.optional(limit, DEFAULT_LIMITS.receiversPerSubnet),
  ballotsPerReceiver: v.optional(limit, DEFAULT_LIMITS.ballotsPerReceiver),
  ordersPerReceiver: v.optional(limit, DEFAULT_LIMITS.ordersPerReceiver),
  messagesPerSocket: v.optional(limit, DEFAULT_LIMITS.messagesPerSocket),
  messagesPerReader: v.optional(limit, DEFAULT_LIMITS.messagesPerReader),
} satisfies Record<keyof Limits, unknown>;
const encoderUrl = url(`the encoder's address, "http://HOST:PORT"`, /^[a-z][a-z0-9+-]*:\/\/\S+$/);
const common = {
  $schema: v.optional(v.string()),
  name: memberName,
  region: v.optional(text("a region's name"), "local"),
  peers: v.array(peer, "a list of the other members"),
  store,
  latch: v.optional(store),
  encoder: v.optional(encoderUrl),
  keys: v.strictObject({ private: secret, network: secret }),
  clock: v.optional(v.strictObject({ trusted: v.optional(v.boolean("true or false"), false) }), {}),
  inspect: v.optional(v.boolean("true or false"), false),
};
const edge = v.strictObject({
  ...common,
  role: v.literal("edge"),
  public: v.strictObject({
    ...address.entries,
    address: v.optional(url("an http:// or https:// address", /^https?:\/\/\S+$/)),
  }),
  backbone: address,
  place: v.optional(placeSetting),
  geo: v.optional(geoSettings),
  capacity: v.optional(
    v.strictObject({
      receivers: v.optional(positive, DEFAULT_CAPACITY.receivers),
      ballotsPerS: v.optional(positive, DEFAULT_CAPACITY.ballotsPerS),
    }),
    {},
  ),
  proxies: v.optional(v.array(text("a proxy's IP address")), []),
  jwks: v.optional(
    v.strictObject({
      url: url("an http:// or https:// address", /^https?:\/\/\S+$/),
      issuer: text("an issuer"),
      audience: text("an audience"),
      algorithms: v.optional(v.array(algorithm), [...SIGNATURE_ALGORITHMS]),
    }),
  ),
  limits: v.optional(v.strictObject(limitEntries), {}),
  hls: v.optional(
    v.record(
      text(`a show, or "*"`),
      text("a folder, or an encoder's http:// address"),
      `{"SHOW": "FOLDER or http://…"}`,
    ),
    {},
  ),
  watch: v.optional(v.boolean("true or false"), false),
});
const process = v.strictObject({
  ...common,
  role: v.picklist(PROCESS_ROLES),
  backbone: v.optional(address),
  status: v.optional(address),
  orders: v.optional(
    v.strictObject({
      provider: v.strictObject({
        url: url("the provider's http:// or https:// address", /^https?:\/\/\S+[^/]$/),
        secret,
      }),
      keys: v.pipe(v.array(secret), v.minLength(1, "one envelope key or more, the newest first")),
      books: v.optional(store),
    }),
  ),
});
const config = v.variant("role", [edge, process], role.message);
type FileContents = v.InferOutput<typeof config>;

/**
 * Checks the contents of a configuration file (an edge's, where no role is given) and resolves its secrets. Throws
 * `ConfigError` with everything that is wrong.
 */
export function parseConfig(contents: string, source: string, readSecret: SecretReader): Config {
  const parsed = v.safeParse(config, withRole(parseJson(contents, source)));
  if (!parsed.success) throw new ConfigError(source, parsed.issues.map(describe));
  const secrets = new Secrets(readSecret);
  const read = readConfig(parsed.output, secrets);
  const problems = [...secrets.problems, ...contradictions(parsed.output)];
  if (problems.length > 0) throw new ConfigError(source, problems);
  return read;
}

function parseJson(contents: string, source: string): unknown {
  try {
    return JSON.parse(contents);
  } catch (error) {
    throw new ConfigError(source, [error instanceof Error ? error.message : String(error)]);
  }
}

function withRole(contents: unknown): unknown {
  const isObject = typeof contents === "object" && contents !== null && !Array.isArray(contents);
  return isObject && !("role" in contents) ? { ...contents, role: "edge" } : contents;
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "the file";
  const wanted = issue.message.startsWith("Invalid ") ? (issue.expected ?? "something else") : issue.message;
  if (issue.expected === "never") return `${path}: is no setting here`;
  return `${path}: got ${issue.received}, wanted ${wanted}`;
}

function readConfig(file: FileContents, secrets: Secrets): Config {
  const member = {
    name: file.name,
    region: file.region,
    peers: file.peers.map(({ key, address: at, ...rest }) => ({
      ...rest,
      key: hexToBytes(key),
      ...(at === undefined ? {} : { address: at }),
    })),
    store: readStore("store", file.store, secrets),
    ...(file.latch === undefined ? {} : { latch: readStore("latch", file.latch, secrets) }),
    ...(file.encoder === undefined ? {} : { encoder: file.encoder }),
    keys: {
      private: secrets.key("keys.private", file.keys.private),
      network: secrets.key("keys.network", file.keys.network),
    },
    clock: file.clock,
    inspect: file.inspect,
  };
  if (file.role !== "edge") {
    const { role: its, backbone, status, orders } = file;
    const own = { ...(backbone ? { backbone } : {}), ...(status ? { status } : {}) };
    return { ...member, role: its, ...own, ...(orders ? { orders: readOrders(orders, secrets) } : {}) };
  }
  const { host, port: at, address: told } = file.public;
  const { backbone, place, geo, capacity, proxies, limits, hls, watch, jwks } = file;
  const own = { host, port: at, address: told ?? `http://${host.includes(":") ? `[${host}]` : host}:${at}` };
  const optional = { ...(place ? { place } : {}), ...(geo ? { geo } : {}), ...(jwks ? { jwks } : {}) };
  return { ...member, role: "edge", public: own, backbone, capacity, proxies, limits, hls, watch, ...optional };
}

type OrdersFile = NonNullable<v.InferOutput<typeof process>["orders"]>;

function readOrders({ provider, keys, books }: OrdersFile, secrets: Secrets): OrdersConfig {
  return {
    provider: { url: provider.url, secret: secrets.text("orders.provider.secret", provider.secret) },
    keys: keys.map((key, i) => secrets.bytes(`orders.keys.${i}`, key)),
    ...(books === undefined ? {} : { books: readStore("orders.books", books, secrets) }),
  };
}

function readStore(path: string, file: FileContents["store"], secrets: Secrets): StoreConfig {
  if (typeof file === "string") return { url: file, relaxed: false };
  const { url: at, authToken, relaxed = false } = file;
  return {
    url: at,
    relaxed,
    ...(authToken === undefined ? {} : { authToken: secrets.text(`${path}.authToken`, authToken) }),
  };
}

/** What each setting alone cannot show. */
function contradictions(file: FileContents): string[] {
  const names = [file.name, ...file.peers.map(({ name }) => name)];
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  const problems = twice.map((name) => `peers: got "${name}" twice, wanted every member once, this one left out`);
  if (file.role === "edge" && !(typeof file.store === "string" ? file.store : file.store.url).startsWith("file:"))
    problems.push(`store: got a server, wanted "file:PATH": an edge's log is on its own disk`);
  if (file.latch !== undefined && (typeof file.latch === "string" ? file.latch : file.latch.url).startsWith("file:"))
    problems.push(`latch: got a file, wanted a libSQL server: one process owns a file, and others latch through it`);
  if (file.role === "edge" && file.public.port === file.backbone.port && file.public.host === file.backbone.host)
    problems.push(`backbone: got the public address ${file.public.host}:${file.public.port}, wanted one of its own`);
  if (file.role !== "edge" && (file.role === "orders") !== (file.orders !== undefined))
    problems.push(`orders: a provider and keys are wanted where the role is "orders", and nowhere else`);
  const books = file.role === "edge" ? undefined : file.orders?.books;
  if (books !== undefined && (typeof books === "string" ? books : books.url).startsWith("file:"))
    problems.push(`orders.books: got a file, wanted a libSQL server: one process owns a file, its "store"`);
  return problems;
}

/** Reads secrets and gathers what is wrong with them. A secret's value never enters a message. */
class Secrets {
  readonly problems: string[] = [];
  readonly #read: SecretReader;

  constructor(read: SecretReader) {
    this.#read = read;
  }

  text(path: string, reference: SecretReference): string {
    try {
      const value = typeof reference === "string" ? reference : this.#read(reference).trim();
      if (value === "") this.problems.push(`${path}: got nothing, wanted a secret`);
      return value;
    } catch (error) {
      this.problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      return "";
    }
  }

  /** Of any length, in hexadecimal. */
  bytes(path: string, reference: SecretReference): Uint8Array {
    const value = this.text(path, reference);
    if (/^([0-9a-f]{2})*$/i.test(value)) return hexToBytes(value.toLowerCase());
    this.problems.push(`${path}: got ${value.length} characters that are not hexadecimal, wanted a key`);
    return new Uint8Array();
  }

  key(path: string, reference: SecretReference): Uint8Array {
    const before = this.problems.length;
    const value = this.text(path, reference);
    if (this.problems.length > before) return new Uint8Array(KEY_BYTES);
    const problem = keyProblem(value);
    if (problem === undefined) return hexToBytes(value);
    this.problems.push(
      `${path}: got ${problem}, wanted ${KEY_BYTES} random bytes in hexadecimal (\`redbutton keys\` makes them)`,
    );
    return new Uint8Array(KEY_BYTES);
  }
}

/** What is wrong with a key in hexadecimal; undefined where nothing is. Says nothing of its digits. */
export function keyProblem(value: string): string | undefined {
  if (!/^([0-9a-f]{2})*$/i.test(value)) return `${value.length} characters that are not hexadecimal`;
  if (value.length !== KEY_BYTES * 2) return `${value.length / 2} bytes`;
  const different = new Set(hexToBytes(value)).size;
  return different < LEAST_DIFFERENT_BYTES ? "a default" : undefined;
}

function oneOf(names: readonly string[]): string {
  return `one of ${names.map((name) => `"${name}"`).join(", ")}`;
}
