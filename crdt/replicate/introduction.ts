import * as ed25519 from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { equalBytes } from "../bytes.ts";
import type { Random } from "../ports.ts";
import { SIGNATURE_BYTES } from "./frame.ts";
import { readNumber, readOwner, WireError, writeNumber, writeOwner, type Owner } from "./wire.ts";

/**
 * A boot's word that certain Yjs clients are its own, signed by its member. Without one no update of those clients is
 * let in; nobody else can claim them. Relays forward it and replicas keep it with their documents, as it came:
 *
 *     introduction = record signature             signature = 64 bytes, Ed25519 over "redbutton introduction\0" record
 *     record       = format role owner count, count × client
 *     format       = varUint (1)      role = varUint: 1 edge, 2 process     owner = member boot, as in a frame
 *     client       = varUint, each greater than the one before
 *
 * There is one encoding of a value: what reads back differently is refused.
 */
export interface Introduction extends Owner {
  readonly role: Role;
  /** Ascending. */
  readonly clients: readonly number[];
}

export type Role = "edge" | "process";

/** A member's name and keys. The secret key never leaves its machine. */
export interface Identity {
  readonly member: string;
  readonly role: Role;
  /** Whether others can dial this member. Edges listen on the backbone, processes only dial. */
  readonly listens: boolean;
  /** RFC 8032 seed, 32 bytes. */
  readonly secretKey: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Finds a member's public key; undefined where the network has no such member. */
export interface KeyOf {
  (member: string): Uint8Array | undefined;
}

/** Why bytes are no introduction that this member can take. */
export interface IntroductionRefused {
  readonly error: string;
}

/** Yjs clients that one introduction names. A boot has one; room for a program that keeps documents apart. */
export const MAX_CLIENTS = 16;
/** Boots from which on operators are warned: a transaction of Yjs costs 0.2 µs more for each (0.2 ms at 1,000). */
export const CROWDED_BOOTS = 300;
/** Boots that are remembered at all; at 10,000 clients every transaction would cost 5 ms. */
export const MAX_BOOTS = 4_096;
export const SECRET_KEY_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;

const FORMAT = 1;
const MAX_CLIENT = 0xffff_ffff;
const ROLES = { edge: 1, process: 2 } as const;
const DOMAIN = utf8ToBytes("redbutton introduction\0");

// The library's synchronous calls need a hash handed to them once; without it they throw.
ed25519.hashes.sha512 = sha512;

/** A new member's identity. */
export function newIdentity(member: string, role: Role, random: Random): Identity {
  return identityFrom(member, role, random.bytes(SECRET_KEY_BYTES));
}

/** The identity that goes with a stored secret key. */
export function identityFrom(member: string, role: Role, secretKey: Uint8Array): Identity {
  return { member, role, listens: role === "edge", secretKey, publicKey: ed25519.getPublicKey(secretKey) };
}

/** 64 hexadecimal digits: how public keys stand in configurations. */
export function publicKeyHex(identity: Identity): string {
  return bytesToHex(identity.publicKey);
}

/** Ed25519 (RFC 8032) over `domain` and `message`; `domain` keeps a signature for one purpose from serving another. */
export function signFor(domain: Uint8Array, message: Uint8Array, identity: Identity): Uint8Array {
  return ed25519.sign(concatBytes(domain, message), identity.secretKey);
}

/** The inverse of `signFor`; false also where key or signature are malformed. */
export function verifyFor(domain: Uint8Array, message: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, concatBytes(domain, message), key, { zip215: false });
  } catch {
    return false;
  }
}

/** Introduces `clients` as this boot's own: the signed bytes. */
export function introduce(identity: Identity, boot: string, clients: readonly number[]): Uint8Array {
  const sorted = [...new Set(clients)].sort((a, b) => a - b);
  const record = encodeRecord({ member: identity.member, role: identity.role, boot, clients: sorted });
  return concatBytes(record, signFor(DOMAIN, record, identity));
}

/** Reads an introduction and checks its signature. */
export function readIntroduction(bytes: Uint8Array, keyOf: KeyOf): Introduction | IntroductionRefused {
  const record = bytes.subarray(0, Math.max(0, bytes.length - SIGNATURE_BYTES));
  const introduction = readRecord(record);
  if (!introduction) return { error: `${bytes.length} bytes are no introduction of format ${FORMAT}` };
  const key = keyOf(introduction.member);
  if (!key) return { error: `"${introduction.member}" is no member of this network` };
  if (!verifyFor(DOMAIN, record, bytes.subarray(record.length), key))
    return { error: `the introduction of "${introduction.member}" is not signed with its key` };
  return introduction;
}

function encodeRecord(record: Introduction): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, FORMAT);
  encoding.writeVarUint(encoder, ROLES[record.role]);
  writeOwner(encoder, record);
  writeNumber(encoder, "clients", record.clients.length, MAX_CLIENTS);
  for (const client of record.clients) writeNumber(encoder, "a client", client, MAX_CLIENT);
  return encoding.toUint8Array(encoder);
}

/** Undefined where the bytes are no record in its one encoding. */
function readRecord(bytes: Uint8Array): Introduction | undefined {
  try {
    const decoder = decoding.createDecoder(bytes);
    if (decoding.readVarUint(decoder) !== FORMAT) return undefined;
    const role = readRole(decoder);
    const owner = readOwner(decoder);
    const clients: number[] = [];
    for (let left = readNumber(decoder, "clients", MAX_CLIENTS); left > 0; left--)
      clients.push(readNumber(decoder, "a client", MAX_CLIENT));
    const record = { ...owner, role, clients };
    return isAscending(clients) && equalBytes(bytes, encodeRecord(record)) ? record : undefined;
  } catch {
    return undefined;
  }
}

function readRole(decoder: decoding.Decoder): Role {
  const role = decoding.readVarUint(decoder);
  switch (role) {
    case ROLES.edge:
      return "edge";
    case ROLES.process:
      return "process";
    default:
      throw new WireError(`got role ${role}, wanted 1 or 2`);
  }
}

/**
 * What became of an introduction: something new was learnt; nothing; a client or the boot belongs to another; there
 * are too many boots.
 */
export type Admission = "added" | "known" | "claimed" | "full";

/**
 * Who owns which Yjs client, from introductions whose signatures were checked. A boot may introduce more clients later.
 * An owner is never replaced: two boots under one client would make replicas differ in silence.
 */
export class Introductions {
  /** Client → the boot whose it is, and the introduction that first named it. */
  readonly #clients = new Map<number, { readonly owner: Owner; readonly bytes: Uint8Array }>();
  readonly #boots = new Map<string, Owner>();

  /** The boot that introduced this client. */
  ownerOf(client: number): Owner | undefined {
    return this.#clients.get(client)?.owner;
  }

  /** Boots known. */
  get boots(): number {
    return this.#boots.size;
  }

  /** Whether operators should hear of the number of boots. */
  get crowded(): boolean {
    return this.#boots.size >= CROWDED_BOOTS;
  }

  /** Every introduction that taught something, as it came, oldest first: what a new link is told. */
  all(): Uint8Array[] {
    return this.of(this.#clients.keys());
  }

  /** The introductions of these clients, each once, as they came; of whom nobody has introduced there is none. */
  of(clients: Iterable<number>): Uint8Array[] {
    return [...new Set([...clients].flatMap((client) => this.#clients.get(client)?.bytes ?? []))];
  }

  /**
   * Forgets the oldest boot of whose clients none is needed, and returns it; undefined where all are. Whoever sends
   * something of a forgotten one introduces it again.
   */
  makeRoom(isNeeded: (client: number) => boolean): string | undefined {
    const needed = new Set<string>();
    for (const [client, { owner }] of this.#clients) if (isNeeded(client)) needed.add(owner.boot);
    for (const boot of this.#boots.keys()) {
      if (needed.has(boot)) continue;
      this.#boots.delete(boot);
      for (const [client, { owner }] of this.#clients) if (owner.boot === boot) this.#clients.delete(client);
      return boot;
    }
    return undefined;
  }

  /** `bytes` are the introduction as it came. Whatever is not "added" changes nothing. */
  add(introduction: Introduction, bytes: Uint8Array): Admission {
    const { member, boot, clients } = introduction;
    const known = this.#boots.get(boot);
    if (known && known.member !== member) return "claimed";
    if (clients.some((client) => (this.ownerOf(client)?.boot ?? boot) !== boot)) return "claimed";
    if (known && clients.every((client) => this.#clients.has(client))) return "known";
    if (!known && this.#boots.size >= MAX_BOOTS) return "full";
    const owner = known ?? { member, boot };
    this.#boots.set(boot, owner);
    for (const client of clients) if (!this.#clients.has(client)) this.#clients.set(client, { owner, bytes });
    return "added";
  }
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);
}
