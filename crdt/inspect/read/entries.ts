import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import * as Y from "yjs";
import { headerOf } from "../../batch.ts";
import { parseDocumentName } from "../../documents.ts";
import type { Member } from "../../member.ts";
import type { Replica } from "../../replica.ts";
import type { Ask } from "../question.ts";

/** What stands in one document at one member. */
export interface Entries {
  readonly entries: readonly Entry[];
  /** Entries that suit the search and are not listed, for there are too many. */
  readonly omitted: number;
}

export interface Entry {
  /** Root type, and key in it; a ledger's is `edge/boot`, and the batch's chain and sequence. */
  readonly root: string;
  readonly key: string;
  readonly client: number;
  readonly clock: number;
  /** Whose client it is: "fra/boot". */
  readonly author?: string;
  /** When it came to be here, ms since 1970 by the member's clock; absent where that is forgotten. */
  readonly at?: number;
  readonly bytes: number;
  /** First 16 hexadecimal digits of the SHA-256 of the value: what tells two values apart. */
  readonly hash: string;
  /** The value, where it is short. */
  readonly value?: unknown;
}

/** Longest value that is shown whole, bytes of JSON: a register of a few polls and a hundred chains. */
export const MAX_VALUE_BYTES = 8_192;

/** Reads a copy of board or tallies that is made from bytes; of a ledger, which may be large, the headers in its structs. */
export function readEntries(
  member: Member,
  replica: Replica,
  { document, search, rows }: Ask<"entries">,
): Entries | undefined {
  const live = replica.document(document);
  if (!live) return undefined;
  const isLedger = parseDocumentName(document)?.kind === "ledger";
  const all = isLedger ? ledgerEntries(live) : mapEntries(copyOf(live));
  const suiting = search === undefined ? all : all.filter((entry) => suits(entry, search.toLowerCase()));
  const listed = suiting.slice(0, rows).map((entry) => authored(member, replica, document, entry));
  return { entries: listed, omitted: suiting.length - listed.length };
}

/** A document of its own: whatever is done to it, nobody hears of it. */
export function copyOf(live: Y.Doc): Y.Doc {
  const copy = new Y.Doc({ gc: false });
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(live));
  return copy;
}

function mapEntries(copy: Y.Doc): Entry[] {
  const entries = [...copy.share].flatMap(([root, type]) =>
    [...type._map].filter(([, item]) => !item.deleted).map(([key, item]) => mapEntry(root, key, item)),
  );
  return entries.sort((a, b) => (a.root + a.key < b.root + b.key ? -1 : 1));
}

function mapEntry(root: string, key: string, item: Y.Item): Entry {
  const value: unknown = item.content.getContent().at(-1);
  const { client, clock } = item.lastId;
  if (value instanceof Uint8Array) return { root, key, client, clock, bytes: value.length, hash: hashOf(value) };
  const json = JSON.stringify(value) ?? "null";
  const shown = json.length <= MAX_VALUE_BYTES ? { value } : {};
  return { root, key, client, clock, bytes: json.length, hash: hashOf(utf8ToBytes(json)), ...shown };
}

function ledgerEntries(live: Y.Doc): Entry[] {
  return [...live.share].flatMap(([root, type]) => {
    const entries: Entry[] = [];
    for (let item = type._start; item !== null; item = item.right)
      if (!item.deleted && item.content instanceof Y.ContentBinary)
        entries.push(batchEntry(root, item, item.content.content));
    // The newest first: the oldest are about to be pruned.
    return entries.reverse();
  });
}

function batchEntry(root: string, { id }: Y.Item, bytes: Uint8Array): Entry {
  const header = headerOf(bytes);
  const key = header ? `${header.edge}/${header.boot}/${header.sequence}` : "unreadable";
  const value = header ? { value: { sequence: header.sequence, time: header.time } } : {};
  return { root, key, client: id.client, clock: id.clock, bytes: bytes.length, hash: hashOf(bytes), ...value };
}

function authored({ backbone }: Member, replica: Replica, document: string, entry: Entry): Entry {
  const owner = backbone.introductions.ownerOf(entry.client);
  const at = replica.recentUpdates(document)!.cameAt(entry.client, entry.clock);
  return { ...entry, ...(owner && { author: `${owner.member}/${owner.boot}` }), ...(at !== undefined && { at }) };
}

function suits({ root, key, value }: Entry, search: string): boolean {
  return `${root}/${key} ${JSON.stringify(value) ?? ""}`.toLowerCase().includes(search);
}

function hashOf(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes)).slice(0, 16);
}
