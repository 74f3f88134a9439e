import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { EDGE_NAME, MAX_EDGE_NAME_BYTES } from "../../../crdt/batch.ts";
import { peer } from "../../config-schema.ts";
import { ConfigError, type PeerConfig } from "../../config.ts";
import { SIGNATURE_ALGORITHMS, type BroadcasterConfig } from "../../jwks.ts";
import { problem } from "../../problem.ts";
import { refuse } from "../../refusal.ts";
import { keyProblem } from "../../secrets.ts";
import { POLICY_NAMES, type PolicyName } from "../../steering/policy.ts";
import type { Env } from "./env.ts";

/** What a deployment was configured to be: read from its variables and secrets once an isolate. */
export interface Settings {
  /** At least one, in the order in which they were named. */
  readonly regions: readonly RegionSettings[];
  /** Edge objects a region, each with its share of every show's shards. */
  readonly objects: number;
  readonly policy: PolicyName;
  /** Where receivers find this Worker; stands on the roster. */
  readonly address: string;
  /** The network's secret, 32 bytes: tokens, shows' keys and the keys of all objects come from it. */
  readonly network: Uint8Array;
  /** Members elsewhere: edges and processes on machines of their own. */
  readonly peers: readonly PeerConfig[];
  /** The permanent database; without one there is no recorder here. */
  readonly database: DatabaseSettings | undefined;
  /** What selling takes; without it there is no order processor here. */
  readonly selling: SellingSettings | undefined;
  /** Address of the content encoder, for the cues of thresholds. */
  readonly encoder: string | undefined;
  /** The recorder's object watches thresholds too, for which it needs a table of every shard. */
  readonly watches: boolean;
  /** Every object answers the inspector: to holders of an inspector's token, and to its peers. */
  readonly inspect: boolean;
  readonly broadcaster: BroadcasterConfig | undefined;
  /** Every request of this Worker goes to this region, wherever it comes from. */
  readonly pinned: string | undefined;
}

export interface RegionSettings {
  readonly name: string;
  /** Where Cloudflare is asked to put the region's objects. */
  readonly hint: LocationHint;
}

export interface DatabaseSettings {
  readonly url: string;
  readonly authToken?: string;
  readonly relaxed: boolean;
}

export interface SellingSettings {
  /** Who takes the money, and what requests to it are signed with. */
  readonly provider: { readonly url: string; readonly secret: string };
  /** Secrets of envelope keys in PKCS #8, the newest first. */
  readonly keys: readonly Uint8Array[];
}

/** Where a Durable Object can be asked to be. */
export const LOCATION_HINTS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;
export type LocationHint = (typeof LOCATION_HINTS)[number];

/** Regions of a network: each is linked with every other. */
export const MAX_REGIONS = 16;
/** Edge objects a region: each is linked with every other, and with its like in every region. */
export const MAX_OBJECTS = 64;

/** Reads variables and secrets. Throws `ConfigError` with all that is wrong, each by its name; never with a value of a secret. */
export function readSettings(env: Env): Settings {
  const problems: string[] = [];
  const read = <T>(name: string, reading: () => T): T | undefined => {
    try {
      return reading();
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const regions = read("REGIONS", () => readRegions(env.REGIONS));
  const objects = read("OBJECTS", () => readCount(env.OBJECTS ?? "1", MAX_OBJECTS));
  const policy = read("POLICY", () => readPolicy(env.POLICY ?? "nearest"));
  const address = read("ADDRESS", () => readAddress(env.ADDRESS));
  const network = read("NETWORK_SECRET", () => readKey(env.NETWORK_SECRET));
  const peers = read("PEERS", () => readPeers(env.PEERS));
  const database = read("LIBSQL_URL", () => readDatabase(env));
  const provider = read("PROVIDER_URL", () => readProvider(env));
  const secret =
    provider && read("PROVIDER_SECRET", () => readText(env.PROVIDER_SECRET, "what requests are signed with"));
  const keys = provider && read("ENVELOPE_KEYS", () => readEnvelopeKeys(env.ENVELOPE_KEYS));
  const selling = provider && secret && keys ? { provider: { url: provider, secret }, keys } : undefined;
  const encoder = read("ENCODER_URL", () => readEncoder(env.ENCODER_URL));
  const watches = read("THRESHOLDS", () => readSwitch(env.THRESHOLDS ?? "on"));
  const inspect = read("INSPECT", () => readSwitch(env.INSPECT ?? "off"));
  const broadcaster = read("JWKS", () => readBroadcaster(env.JWKS));
  const pinned = read("REGION", () => readPinned(env.REGION, regions));
  const switches = watches === undefined || inspect === undefined ? undefined : { watches, inspect };
  if (!regions || !objects || !policy || !address || !network || !peers || !switches || problems.length > 0)
    throw new ConfigError("variables and secrets of the Worker", problems);
  return {
    regions,
    objects,
    policy,
    address,
    network,
    peers,
    database,
    selling,
    encoder,
    ...switches,
    broadcaster,
    pinned,
  };
}

function readRegions(text: string | undefined): RegionSettings[] {
  const wanted = `NAME=HINT, comma-separated, HINT one of ${LOCATION_HINTS.join(", ")}`;
  if (!text) throw new Error(`got nothing, wanted ${wanted}`);
  const regions = text.split(",").map((part): RegionSettings => {
    const [name = "", hintName = name] = part.trim().split("=");
    const hint = LOCATION_HINTS.find((each) => each === hintName);
    if (!EDGE_NAME.test(name) || name.length > MAX_EDGE_NAME_BYTES - 3 || !hint)
      throw new Error(`got "${part.trim()}", wanted ${wanted}`);
    return { name, hint };
  });
  const twice = regions.find(({ name }, i) => regions.findIndex((other) => other.name === name) !== i);
  if (twice) throw new Error(`got "${twice.name}" twice`);
  if (regions.length > MAX_REGIONS) throw new Error(`got ${regions.length} regions, wanted at most ${MAX_REGIONS}`);
  return regions;
}

function readCount(text: string, most: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > most) throw new Error(`got "${text}", wanted 1 to ${most}`);
  return count;
}

function readSwitch(text: string): boolean {
  if (text !== "on" && text !== "off") throw new Error(`got "${text}", wanted on or off`);
  return text === "on";
}

function readPolicy(text: string): PolicyName {
  const found = POLICY_NAMES.find((name) => name === text);
  if (!found) throw new Error(`got "${text}", wanted one of ${POLICY_NAMES.join(", ")}`);
  return found;
}

function readAddress(text: string | undefined): string {
  if (!text || !/^https?:\/\/\S+$/.test(text))
    throw new Error(`got "${text ?? ""}", wanted the http:// or https:// address that receivers use`);
  return text.replace(/\/$/, "");
}

/** A secret may have a line end behind it, as `wrangler secret put < FILE` gives it. */
function readKey(text: string | undefined): Uint8Array {
  const value = text?.trim() ?? "";
  const problem = value === "" ? "nothing" : keyProblem(value);
  if (problem === undefined) return hexToBytes(value);
  throw new Error(`got ${problem}, wanted 32 random bytes in hexadecimal (\`redbutton keys\` makes them)`);
}

function readPeers(text: string | undefined): PeerConfig[] {
  if (!text) return [];
  return v.parse(v.array(peer), JSON.parse(text)).map(({ key, address, ...rest }) => ({
    ...rest,
    key: hexToBytes(key),
    ...(address === undefined ? {} : { address }),
  }));
}

function readDatabase({
  LIBSQL_URL: url,
  LIBSQL_AUTH_TOKEN: authToken,
  LIBSQL_RELAXED: relaxed,
}: Env): Settings["database"] {
  if (!url) return undefined;
  if (!/^(https?|libsql):\/\/./.test(url))
    throw new Error(`got "${url}", wanted a libSQL server's "https://…", "http://…" or "libsql://…"`);
  const token = authToken?.trim();
  return { url, relaxed: relaxed === "true", ...(token ? { authToken: token } : {}) };
}

function readProvider({ PROVIDER_URL: url, LIBSQL_URL: database }: Env): string | undefined {
  if (!url) return undefined;
  if (!/^https?:\/\/\S+[^/\s]$/.test(url))
    throw new Error(`got "${url}", wanted the payment provider's http:// or https:// address`);
  if (!database) throw new Error("got it without LIBSQL_URL, wanted a database for the order processor's books");
  return url;
}

function readText(text: string | undefined, wanted: string): string {
  const value = text?.trim() ?? "";
  if (value === "") throw new Error(`got nothing, wanted ${wanted}`);
  return value;
}

function readEnvelopeKeys(text: string | undefined): Uint8Array[] {
  const wanted = "keys in hexadecimal, the newest first, comma-separated (`redbutton orders key` makes them)";
  return readText(text, wanted)
    .split(",")
    .map((part) => {
      const key = part.trim();
      if (!/^([0-9a-f]{2})+$/.test(key))
        throw new Error(`got ${key.length} characters that are no key, wanted ${wanted}`);
      return hexToBytes(key);
    });
}

function readEncoder(text: string | undefined): string | undefined {
  if (text && !/^https?:\/\/\S+$/.test(text))
    throw new Error(`got "${text}", wanted the encoder's http:// or https:// address`);
  return text || undefined;
}

const broadcaster = v.strictObject({
  url: v.pipe(v.string(), v.regex(/^https?:\/\/\S+$/)),
  issuer: v.pipe(v.string(), v.minLength(1)),
  audience: v.pipe(v.string(), v.minLength(1)),
  algorithms: v.optional(v.array(v.picklist(SIGNATURE_ALGORITHMS)), [...SIGNATURE_ALGORITHMS]),
});

function readBroadcaster(text: string | undefined): BroadcasterConfig | undefined {
  return text ? v.parse(broadcaster, JSON.parse(text)) : undefined;
}

function readPinned(text: string | undefined, regions: readonly RegionSettings[] | undefined): string | undefined {
  if (!text) return undefined;
  if (!regions?.some(({ name }) => name === text)) throw new Error(`got "${text}", wanted one of REGIONS`);
  return text;
}

/** Refuses a secret that is another one than before: shows' keys could not be read, and peers would not know the object. */
export async function assertSameNetwork(storage: DurableObjectStorage, network: Uint8Array): Promise<void> {
  const print = bytesToHex(hkdf(sha256, network, undefined, utf8ToBytes("redbutton fingerprint 1"), FINGERPRINT_BYTES));
  const known = await storage.get<string>("network");
  if (known === undefined) await storage.put("network", print);
  else if (known !== print)
    throw new ConfigError("secrets of the Worker", [
      "NETWORK_SECRET: got another one than this object's log was written with, wanted the same",
    ]);
}

const FINGERPRINT_BYTES = 16;

/** What is answered instead of starting: it names what is wrong, and quotes no secret. */
export function refuseSettings(error: ConfigError): Response {
  return problem(
    refuse("not_ready", error.message.replaceAll("\n", " "), { retryAfterS: 60, extra: { reasons: error.problems } }),
  );
}
