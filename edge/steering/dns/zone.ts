import type { Candidate } from "../candidate.ts";
import type { Policy } from "../policy.ts";
import type { DnsRecord, Soa } from "./message.ts";

/** An edge with what DNS needs of it. */
export interface DnsEdge extends Omit<Candidate, "shards"> {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
  /** Show → shards of it that the edge keeps. */
  readonly shows: Readonly<Record<string, readonly number[]>>;
}

export interface Nameserver {
  /** Without the last dot. */
  readonly name: string;
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

/**
 * The edges' zone:
 *
 *     <zone>                       the best edge for whoever asks; SOA and NS
 *     <edge>.edge.<zone>           one edge
 *     <show>.show.<zone>           the best edge that keeps some of the show
 *     <shard>.<show>.show.<zone>   the best edge that keeps the shard
 */
export interface Zone {
  /** Lower case, without the last dot. */
  readonly name: string;
  readonly nameservers: readonly Nameserver[];
  /** Mailbox of whoever is responsible, as a name. */
  readonly contact: string;
  /** Of steered answers, seconds: how long a receiver may stay with an edge that is gone. */
  readonly ttlS: number;
  readonly serial: number;
  readonly policy: Policy;
  readonly edges: readonly DnsEdge[];
}

/** What a name means in the zone. */
export type NameMeaning =
  | { readonly is: "outside" }
  | { readonly is: "steered"; readonly show?: string; readonly shard?: number; readonly apex: boolean }
  | { readonly is: "host"; readonly v4: readonly string[]; readonly v6: readonly string[] }
  /** Nothing stands there, and something below it (RFC 8020). */
  | { readonly is: "empty" }
  | { readonly is: "unknown" };

/** `name` in lower case, without the last dot. */
export function meaningOf(zone: Zone, name: string): NameMeaning {
  if (name === zone.name) return { is: "steered", apex: true };
  if (!name.endsWith(`.${zone.name}`)) return { is: "outside" };
  const nameserver = zone.nameservers.find((each) => each.name === name);
  if (nameserver) return { is: "host", v4: nameserver.v4, v6: nameserver.v6 };
  const labels = name
    .slice(0, -zone.name.length - 1)
    .split(".")
    .toReversed();
  const found = meaningOfLabels(zone, labels);
  if (found.is === "unknown" && zone.nameservers.some((each) => each.name.endsWith(`.${name}`))) return { is: "empty" };
  return found;
}

/** Labels from the zone downwards. */
function meaningOfLabels({ edges }: Zone, [kind, id, number, ...rest]: readonly string[]): NameMeaning {
  if (kind !== "edge" && kind !== "show") return { is: "unknown" };
  if (id === undefined) return { is: "empty" };
  if (kind === "edge") {
    const edge = edges.find((each) => each.edge === id);
    return edge && number === undefined ? { is: "host", v4: edge.v4, v6: edge.v6 } : { is: "unknown" };
  }
  if (!edges.some(({ shows }) => Object.hasOwn(shows, id))) return { is: "unknown" };
  if (number === undefined) return { is: "steered", show: id, apex: false };
  const isShard = /^(0|[1-9]\d{0,5})$/.test(number) && rest.length === 0;
  const isKept = isShard && edges.some(({ shows }) => Object.hasOwn(shows, id) && shows[id]!.includes(Number(number)));
  return isKept ? { is: "steered", show: id, shard: Number(number), apex: false } : { is: "unknown" };
}

/** How long nameservers and the zone's authority may be remembered, seconds: they seldom change. */
const STANDING_TTL_S = 3600;

export function soaRecord({ name, nameservers, contact, serial, ttlS }: Zone): DnsRecord {
  const mname = nameservers[0]?.name ?? name;
  // What is not there may be there after the next reload: as short as what is there. The rest is for secondaries.
  const data: Soa = { mname, rname: contact, serial, refresh: 3600, retry: 600, expire: 604_800, minimum: ttlS };
  return { name, ttl: ttlS, type: "SOA", data };
}

export function nsRecords({ name, nameservers }: Zone): DnsRecord[] {
  return nameservers.map((each) => ({ name, ttl: STANDING_TTL_S, type: "NS", data: each.name }));
}

/** Addresses of the nameservers that lie in the zone itself: nobody else could tell them. */
export function glueRecords({ name, nameservers }: Zone): DnsRecord[] {
  const within = nameservers.filter((each) => each.name.endsWith(`.${name}`));
  return within.flatMap((each) => [
    ...each.v4.map((data): DnsRecord => ({ name: each.name, ttl: STANDING_TTL_S, type: "A", data })),
    ...each.v6.map((data): DnsRecord => ({ name: each.name, ttl: STANDING_TTL_S, type: "AAAA", data })),
  ]);
}
