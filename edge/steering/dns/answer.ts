import type { AddressBytes } from "../address.ts";
import type { Ask, Candidate } from "../candidate.ts";
import type { Located, Locator } from "../locator.ts";
import { steer, type Choice } from "../steer.ts";
import { emptyReply, type DnsQuery, type DnsRecord, type DnsReply } from "./message.ts";
import { glueRecords, meaningOf, nsRecords, soaRecord, type DnsEdge, type NameMeaning, type Zone } from "./zone.ts";

/** Who asks. */
export interface Asker {
  /** The resolver. */
  readonly address: AddressBytes;
  readonly draw: () => number;
  readonly turn: number;
}

/** A reply and, where an edge was chosen, why. */
export interface Answered {
  readonly reply: DnsReply;
  readonly choice?: Choice;
  readonly located?: Located;
}

/** Answers a query for the zone. Pure but for `asker.draw`. */
export function answer(zone: Zone, locate: Locator, query: DnsQuery, asker: Asker): Answered {
  if (query.opcode !== 0) return plainly("NOTIMP");
  if ((query.edns?.version ?? 0) > 0) return plainly("BADVERS");
  if (query.class !== "IN" || query.type === "AXFR" || query.type === "IXFR") return plainly("REFUSED");
  const meaning = meaningOf(zone, query.name);
  if (meaning.is === "outside") return plainly("REFUSED");
  if (meaning.is === "unknown") return { reply: negative(zone, "NXDOMAIN") };
  // RFC 8482, 4.2: whoever asks for everything gets something, and it is small.
  if (query.type === "ANY" && meaning.is !== "empty") return { reply: positive([hinfo(query.name)]) };
  if (meaning.is === "host") return { reply: hostReply(zone, query, meaning) };
  if (meaning.is === "empty") return { reply: negative(zone, "NOERROR") };
  if (meaning.apex && query.type === "SOA") return { reply: positive([soaRecord(zone)]) };
  if (meaning.apex && query.type === "NS") return { reply: positive(nsRecords(zone), glueRecords(zone)) };
  if (query.type !== "A" && query.type !== "AAAA") return { reply: negative(zone, "NOERROR") };
  return steered(zone, locate, query, asker, meaning);
}

function steered(
  zone: Zone,
  locate: Locator,
  query: DnsQuery,
  asker: Asker,
  meaning: Extract<NameMeaning, { is: "steered" }>,
): Answered {
  const subnet = query.edns?.clientSubnet;
  const isTold = subnet !== undefined && subnet.sourceBits > 0;
  const located = locate(isTold ? subnet.address : asker.address);
  const ask: Ask = {
    draw: asker.draw,
    turn: asker.turn,
    ...(located.place ? { place: located.place } : {}),
    ...(meaning.shard === undefined ? {} : { shard: meaning.shard }),
  };
  const edges = eligible(zone.edges, query.type, meaning.show);
  const choice = steer([...edges.keys()], zone.policy, ask);
  const best = choice.ranked[0];
  const addresses = best ? addressesOf(edges.get(best.candidate)!, query.type) : [];
  const records = addresses.map((data) => addressRecord(query.name, zone.ttlS, query.type, data));
  const reply = records.length > 0 ? positive(records) : negative(zone, "NOERROR");
  return { reply: { ...reply, scopeBits: isTold ? located.bits : 0 }, choice, located };
}

/**
 * Candidates for an address of this type. For A only those that have one, since many receivers know no other; without an
 * AAAA the best edge is better than a far one that has it: receivers fall back to A.
 */
function eligible(edges: readonly DnsEdge[], type: string, show: string | undefined): Map<Candidate, DnsEdge> {
  const fitting = edges.filter(({ v4, shows }) => {
    if (type === "A" && v4.length === 0) return false;
    return show === undefined || Object.hasOwn(shows, show);
  });
  return new Map(
    fitting.map((edge) => [show === undefined ? edge : { ...edge, shards: edge.shows[show] ?? [] }, edge]),
  );
}

function hostReply(zone: Zone, query: DnsQuery, host: Extract<NameMeaning, { is: "host" }>): DnsReply {
  const records = addressesOf(host, query.type).map((data) => addressRecord(query.name, zone.ttlS, query.type, data));
  return records.length > 0 ? positive(records) : negative(zone, "NOERROR");
}

function addressesOf({ v4, v6 }: Pick<DnsEdge, "v4" | "v6">, type: string): readonly string[] {
  return type === "A" ? v4 : type === "AAAA" ? v6 : [];
}

function addressRecord(name: string, ttl: number, type: string, data: string): DnsRecord {
  return { name, ttl, type: type === "A" ? "A" : "AAAA", data };
}

function hinfo(name: string): DnsRecord {
  return { name, ttl: 3600, type: "HINFO", data: { cpu: "RFC8482", os: "" } };
}

function plainly(rcode: DnsReply["rcode"]): Answered {
  return { reply: emptyReply(rcode) };
}

function positive(answers: readonly DnsRecord[], additionals: readonly DnsRecord[] = []): DnsReply {
  return { ...emptyReply("NOERROR", true), answers, additionals };
}

/** RFC 2308: the zone's SOA says how long the absence may be remembered. */
function negative(zone: Zone, rcode: "NOERROR" | "NXDOMAIN"): DnsReply {
  return { ...emptyReply(rcode, true), authorities: [soaRecord(zone)] };
}
