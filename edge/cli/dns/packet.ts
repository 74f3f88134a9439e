import * as packet from "dns-packet";
import {
  CLIENT_SUBNET,
  clientSubnetLength,
  readClientSubnet,
  writeClientSubnet,
} from "../../steering/dns/client-subnet.ts";
import { COOKIE } from "../../steering/dns/cookie.ts";
import { RCODES, type DnsQuery, type DnsReply, type Edns } from "../../steering/dns/message.ts";

// The door to `dns-packet`, which reads and writes records. It throws on what it cannot read; it checks no client subnet;
// and names lose something on their way through its strings. So the question goes back byte for byte as it came, and
// options are read from their bytes.

/** A UDP answer is no larger, and we say so: what passes everywhere without fragments (DNS flag day 2020). */
export const MAX_UDP_BYTES = 1232;
/** What whoever says nothing of it takes, RFC 1035, 4.2.1. */
const PLAIN_UDP_BYTES = 512;
/** Times a query's length that an answer over UDP may have while its sender may be forged. */
export const MAX_AMPLIFICATION = 4;

const HEADER_BYTES = 12;
const OPT = 41;

/** The bits of a header that an answer repeats. */
interface Head {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** The question section as it came; empty where there is none that can be read. */
  readonly question: Buffer;
  /** Length of the whole query. */
  readonly bytes: number;
}

export type Decoded =
  | { readonly is: "query"; readonly head: Head; readonly query: DnsQuery }
  /** To be told so. */
  | { readonly is: "malformed"; readonly head: Head; readonly edns: boolean }
  /** An answer, or too short for a header: whoever answers that starts a loop. */
  | { readonly is: "ignored" };

export function decodeQuery(bytes: Buffer): Decoded {
  if (bytes.length < HEADER_BYTES || (bytes[2]! & 0x80) !== 0) return { is: "ignored" };
  const end = questionEnd(bytes);
  const head: Head = {
    id: bytes.readUInt16BE(0),
    opcode: (bytes[2]! >> 3) & 0xf,
    recursionDesired: (bytes[2]! & 1) !== 0,
    question: bytes.subarray(HEADER_BYTES, end ?? HEADER_BYTES),
    bytes: bytes.length,
  };
  if (end === undefined) return { is: "malformed", head, edns: false };
  return readQuery(bytes, head);
}

function readQuery(bytes: Buffer, head: Head): Decoded {
  let decoded: packet.DecodedPacket;
  try {
    decoded = packet.decode(bytes);
  } catch {
    return { is: "malformed", head, edns: false };
  }
  const [question] = decoded.questions ?? [];
  const opts = (decoded.additionals ?? []).filter((record) => record.type === "OPT");
  if (!question || (decoded.answers?.length ?? 0) > 0 || opts.length > 1) return { is: "malformed", head, edns: false };
  const edns = opts[0] && readEdns(opts[0]);
  if (edns === "malformed") return { is: "malformed", head, edns: true };
  const name = nameOf(question.name, head.question);
  const query = { opcode: head.opcode, name, type: question.type, class: question.class ?? "IN" };
  return { is: "query", head, query: edns ? { ...query, edns } : query };
}

/** Where the one question ends; undefined where there is not one, or its name is compressed: it is the first there is. */
function questionEnd(bytes: Buffer): number | undefined {
  if (bytes.readUInt16BE(4) !== 1) return undefined;
  let at = HEADER_BYTES;
  for (let length = bytes[at]; length !== 0; length = bytes[at]) {
    if (length === undefined || length > 63 || at - HEADER_BYTES > 253) return undefined;
    at += length + 1;
  }
  const end = at + 5;
  return end <= bytes.length ? end : undefined;
}

/** A label may hold any byte, a dot too: such a name is none of ours, whatever it looks like as a text. */
function nameOf(text: string, question: Buffer): string {
  let labels = text === "." ? 0 : 1;
  for (let at = text.indexOf("."); labels > 0 && at !== -1; at = text.indexOf(".", at + 1)) labels += 1;
  let seen = 0;
  for (let at = 0; question[at] !== 0; at += question[at]! + 1) seen += 1;
  return labels === seen ? (text === "." ? "" : text.toLowerCase()) : "\0";
}

function readEdns(opt: packet.OptAnswer): Edns | "malformed" {
  if (opt.name !== ".") return "malformed";
  const data = (wanted: number) => opt.options.filter(({ code }) => Number(code) === wanted).map((each) => each.data);
  const [subnetData, ...moreSubnets] = data(CLIENT_SUBNET);
  const [cookie] = data(COOKIE);
  const clientSubnet = subnetData && readClientSubnet(subnetData);
  if (moreSubnets.length > 0 || (subnetData && !clientSubnet)) return "malformed";
  return {
    udpPayload: opt.udpPayloadSize,
    version: opt.ednsVersion,
    dnssecOk: opt.flag_do,
    ...(clientSubnet ? { clientSubnet } : {}),
    ...(cookie ? { cookie } : {}),
  };
}

/** What an answer is written for. */
export interface Destination {
  readonly transport: "udp" | "tcp";
  /** The sender has proven that it is where it says. */
  readonly proven: boolean;
  /** Our COOKIE option's data, for whoever sent one. */
  readonly cookie?: Uint8Array;
}

/** The answer's bytes, truncated where it may not be so long. */
export function encodeReply(head: Head, query: DnsQuery, reply: DnsReply, destination: Destination): Buffer {
  const whole = compose(head, query.edns, reply, destination.cookie, false);
  if (whole.length <= limitOf(head, query, destination)) return whole;
  return compose(head, query.edns, withoutRecords(reply), destination.cookie, true);
}

/** An empty answer that says: ask again over TCP. Nobody gains by having it sent to somebody else. */
export function encodeTruncated(head: Head): Buffer {
  return compose(head, undefined, NO_RECORDS, undefined, true);
}

/** An answer to what cannot be read. */
export function encodeFormatError(head: Head, edns: boolean): Buffer {
  const plain: Edns | undefined = edns ? { udpPayload: 0, version: 0, dnssecOk: false } : undefined;
  return compose(head, plain, { ...NO_RECORDS, rcode: "FORMERR" }, undefined, false);
}

const NO_RECORDS: DnsReply = {
  rcode: "NOERROR",
  authoritative: false,
  answers: [],
  authorities: [],
  additionals: [],
  scopeBits: 0,
};

function withoutRecords(reply: DnsReply): DnsReply {
  return { ...NO_RECORDS, rcode: reply.rcode, authoritative: reply.authoritative };
}

function limitOf(head: Head, { edns }: DnsQuery, { transport, proven }: Destination): number {
  if (transport === "tcp") return 65_535;
  const taken = Math.min(MAX_UDP_BYTES, Math.max(PLAIN_UDP_BYTES, edns?.udpPayload ?? 0));
  return proven ? taken : Math.min(taken, MAX_AMPLIFICATION * head.bytes);
}

function compose(
  head: Head,
  edns: Edns | undefined,
  reply: DnsReply,
  cookie: Uint8Array | undefined,
  truncated: boolean,
): Buffer {
  const { answers, authorities, additionals } = reply;
  const message: packet.Packet = {
    type: "response",
    id: head.id,
    flags: flagsOf(head, reply, truncated),
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals],
  };
  // One piece of memory for all: the library writes header and records so that the question fits between them. It
  // compresses no names, so that records may stand anywhere.
  const asked = head.question.length;
  const end = asked + packet.encodingLength(message);
  const bytes = Buffer.allocUnsafe(end + (edns ? optLength(edns, cookie) : 0));
  packet.encode(message, bytes, asked);
  bytes.copyWithin(0, asked, asked + HEADER_BYTES);
  head.question.copy(bytes, HEADER_BYTES);
  bytes.writeUInt16BE(asked > 0 ? 1 : 0, 4);
  if (edns) {
    writeOpt(bytes, end, edns, reply, cookie);
    bytes.writeUInt16BE(additionals.length + 1, 10);
  }
  return bytes;
}

function flagsOf({ opcode, recursionDesired }: Head, { rcode, authoritative }: DnsReply, truncated: boolean): number {
  return (
    (opcode << 11) |
    (authoritative ? packet.AUTHORITATIVE_ANSWER : 0) |
    (truncated ? packet.TRUNCATED_RESPONSE : 0) |
    (recursionDesired ? packet.RECURSION_DESIRED : 0) |
    (RCODES[rcode] & 0xf)
  );
}

const OPT_BYTES = 11;
const OPTION_HEAD_BYTES = 4;

function optLength({ clientSubnet }: Edns, cookie: Uint8Array | undefined): number {
  const subnet = clientSubnet ? OPTION_HEAD_BYTES + clientSubnetLength(clientSubnet) : 0;
  return OPT_BYTES + subnet + (cookie ? OPTION_HEAD_BYTES + cookie.length : 0);
}

/** RFC 6891, 6.1.2: root, type, size, upper bits of the code, version, flags, length, options. To the end of `bytes`. */
function writeOpt(
  bytes: Buffer,
  at: number,
  edns: Edns,
  { rcode, scopeBits }: DnsReply,
  cookie: Uint8Array | undefined,
): void {
  bytes[at] = 0;
  bytes.writeUInt16BE(OPT, at + 1);
  bytes.writeUInt16BE(MAX_UDP_BYTES, at + 3);
  bytes[at + 5] = RCODES[rcode] >> 4;
  bytes[at + 6] = 0;
  bytes.writeUInt16BE(edns.dnssecOk ? packet.DNSSEC_OK : 0, at + 7);
  bytes.writeUInt16BE(bytes.length - at - OPT_BYTES, at + 9);
  let next = at + OPT_BYTES;
  if (edns.clientSubnet)
    next = writeOption(bytes, next, CLIENT_SUBNET, writeClientSubnet(edns.clientSubnet, scopeBits));
  if (cookie) writeOption(bytes, next, COOKIE, cookie);
}

/** Gives where the next one begins. */
function writeOption(bytes: Buffer, at: number, code: number, data: Uint8Array): number {
  bytes.writeUInt16BE(code, at);
  bytes.writeUInt16BE(data.length, at + 2);
  bytes.set(data, at + OPTION_HEAD_BYTES);
  return at + OPTION_HEAD_BYTES + data.length;
}
