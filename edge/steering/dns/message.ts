import type { AddressBytes } from "../address.ts";

/** A query as far as an authoritative server cares. */
export interface DnsQuery {
  readonly opcode: number;
  /** Lower case, without the last dot; the root is "". */
  readonly name: string;
  /** "A", "AAAA", "SOA"…; "UNKNOWN_65" for what has no name here. */
  readonly type: string;
  /** "IN", "CH"… */
  readonly class: string;
  readonly edns?: Edns;
}

/** EDNS(0), RFC 6891. */
export interface Edns {
  /** Bytes that the other end takes in a UDP answer. */
  readonly udpPayload: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly clientSubnet?: ClientSubnet;
  /** The COOKIE option's data, RFC 7873. */
  readonly cookie?: Uint8Array;
}

/** A client's network as its resolver tells it (RFC 7871, 6). */
export interface ClientSubnet {
  /** 1 is IPv4, 2 IPv6; 0 where nothing is told. */
  readonly family: 0 | 1 | 2;
  readonly sourceBits: number;
  /** All of the address, its bits beyond `sourceBits` being 0; of family 0 it is empty. */
  readonly address: AddressBytes;
}

export type Rcode = "NOERROR" | "FORMERR" | "SERVFAIL" | "NXDOMAIN" | "NOTIMP" | "REFUSED" | "BADVERS";

/** RFC 1035, 4.1.1, and RFC 6891, 9. */
export const RCODES: Readonly<Record<Rcode, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
};

/** Start of a zone's authority, RFC 1035, 3.3.13; times in seconds. */
export interface Soa {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

export type DnsRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: "A" | "AAAA" | "NS"; readonly data: string }
  | { readonly type: "SOA"; readonly data: Soa }
  | { readonly type: "HINFO"; readonly data: { readonly cpu: string; readonly os: string } }
);

export interface DnsReply {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  /** Bits of the client's network for which the answer is good: RFC 7871's scope. */
  readonly scopeBits: number;
}

export function emptyReply(rcode: Rcode, authoritative = false): DnsReply {
  return { rcode, authoritative, answers: [], authorities: [], additionals: [], scopeBits: 0 };
}
