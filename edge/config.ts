import type { BroadcasterConfig } from "./jwks.ts";
import type { Limits } from "./limits.ts";
import type { GeoSettings } from "./steering/geo.ts";
import type { Capacity } from "./steering/load.ts";
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

/** What a process is there for; a monitor is there for everything, over a database in a file. */
export const PROCESS_ROLES = ["recorder", "watcher", "monitor", "orders", "hub"] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];
export const ROLES = ["edge", ...PROCESS_ROLES] as const;
export type Role = (typeof ROLES)[number];

/** What is wrong with a configuration: all of it, a line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(source: string, problems: readonly string[]) {
    super(`reading configuration "${source}":\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}
