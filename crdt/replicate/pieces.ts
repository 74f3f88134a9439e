import { sha256 } from "@noble/hashes/sha2.js";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { DIGEST_BYTES } from "./frame.ts";
import { MAX_STRUCTS } from "./runs.ts";

/** Bytes that a client's block, or a client's deletions, take at most before their content: three varUints below 2^32. */
const HEAD_BYTES = 15;
/** Bytes of the two counts of an update: blocks, and clients with deletions. */
const COUNTS_BYTES = 10;
/** Bytes of one range of deletions at most: two varUints below 2^31. */
const RANGE_BYTES = 10;

/**
 * What `Y.encodeStateAsUpdate(doc, stateVector)` would send, cut into updates (Yjs's first encoding) of at most
 * `limitBytes` each; a single struct above the limit is a piece of its own. Whatever a piece builds on is in a piece
 * before it, in itself, or covered by the state vector, so each can be judged and applied when it comes. Deletions come
 * last, when all that they name is there. At least one piece, if an empty one: an answer is an answer.
 *
 * Each is made when it is asked for, so that one is in memory at a time; the document must not change meanwhile. Reads it
 * only: opens no transaction and adds no root. Throws where `stateVector` is none.
 */
export function* pieces(doc: Y.Doc, stateVector: Uint8Array, limitBytes: number): Generator<Uint8Array> {
  const cutter = new Cutter(limitBytes);
  for (const { struct, offset } of new Walk(doc.store, Y.decodeStateVector(stateVector))) {
    const full = cutter.addStruct(struct, offset);
    if (full) yield full;
  }
  for (const [client, ranges] of deletionsOf(doc.store))
    for (const range of ranges) {
      const full = cutter.addDeletion(client, range);
      if (full) yield full;
    }
  const last = cutter.finish();
  if (last) yield last;
}

/**
 * First 16 bytes of the SHA-256 of everything that is deleted in the document: ranges of clocks, merged, by client.
 * Replicas that hold the same structs and deletions agree on it, however their tombstones are merged or collected. A
 * state vector does not see deletions; this does.
 */
export function deletionDigest(doc: Y.Doc): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const [client, ranges] of deletionsOf(doc.store)) {
    encoding.writeVarUint(encoder, client);
    writeRanges(encoder, ranges);
  }
  return sha256(encoding.toUint8Array(encoder)).slice(0, DIGEST_BYTES);
}

interface Range {
  readonly clock: number;
  readonly len: number;
}

function deletionsOf(store: Y.Doc["store"]): [client: number, ranges: readonly Range[]][] {
  return [...Y.createDeleteSetFromStructStore(store).clients].sort(([a], [b]) => a - b);
}

function writeRanges(encoder: encoding.Encoder, ranges: readonly Range[]): void {
  encoding.writeVarUint(encoder, ranges.length);
  for (const { clock, len } of ranges) {
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarUint(encoder, len);
  }
}

type Struct = Y.Item | Y.GC;

/** Where the walk stands in one client's structs. */
interface Cursor {
  readonly structs: readonly Struct[];
  index: number;
  /** End of what was handed on, or is held by the receiver. */
  clock: number;
}

/** A struct without what the receiver holds of it. */
interface Rest {
  readonly struct: Struct;
  readonly offset: number;
}

/** A document's structs, from a state vector, each after those that it refers to. */
class Walk {
  readonly #cursors = new Map<number, Cursor>();

  constructor(store: Y.Doc["store"], from: ReadonlyMap<number, number>) {
    // Higher clients first, as Yjs writes them: its conflict resolution is quickest so.
    for (const [client, structs] of [...store.clients].sort(([a], [b]) => b - a)) {
      const clock = from.get(client) ?? 0;
      if (clock < Y.getState(store, client))
        this.#cursors.set(client, { structs, index: Y.findIndexSS(structs, clock), clock });
    }
  }

  *[Symbol.iterator](): Generator<Rest> {
    for (const cursor of this.#cursors.values()) yield* this.#finish(cursor);
  }

  /** Goes to the end of one client; the stack holds the clients that wait for another. */
  *#finish(first: Cursor): Generator<Rest> {
    const stack = [first];
    for (let cursor = stack.at(-1); cursor; cursor = stack.at(-1)) {
      const struct = cursor.structs[cursor.index];
      const before = struct && this.#lacking(struct);
      if (before) {
        stack.push(before);
        continue;
      }
      if (struct) yield advance(cursor, struct);
      if (!struct || this.#isAnswered(stack.at(-2))) stack.pop();
    }
  }

  /** Whether the client below on the stack has got what it waits for. */
  #isAnswered(below: Cursor | undefined): boolean {
    return below !== undefined && this.#lacking(below.structs[below.index]!) === undefined;
  }

  /** A client that has to come first. */
  #lacking(struct: Struct): Cursor | undefined {
    if (!(struct instanceof Y.Item)) return undefined;
    const { origin, rightOrigin } = struct;
    return this.#behind(struct, origin) ?? this.#behind(struct, rightOrigin) ?? this.#behind(struct, parentOf(struct));
  }

  #behind(struct: Struct, id: Y.ID | null): Cursor | undefined {
    if (id === null || id.client === struct.id.client) return undefined;
    const cursor = this.#cursors.get(id.client);
    return cursor && cursor.clock <= id.clock ? cursor : undefined;
  }
}

function advance(cursor: Cursor, struct: Struct): Rest {
  const offset = cursor.clock - struct.id.clock;
  cursor.clock = struct.id.clock + struct.length;
  cursor.index += 1;
  return { struct, offset };
}

function parentOf(item: Y.Item): Y.ID | null {
  return item.parent instanceof Y.AbstractType ? (item.parent._item?.id ?? null) : null;
}

interface Block {
  readonly clock: number;
  readonly structs: Uint8Array[];
}

/** Gathers structs and deletions; where what is added has no room in the piece at hand, that is full and given out. */
class Cutter {
  readonly #limit: number;
  #hasGivenNone = true;
  #blocks = new Map<number, Block>();
  #deletions = new Map<number, Range[]>();
  #bytes = COUNTS_BYTES;
  #structs = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  addStruct(struct: Struct, offset: number): Uint8Array | undefined {
    const encoder = new Y.UpdateEncoderV1();
    struct.write(encoder, offset);
    const bytes = encoder.toUint8Array();
    const { client, clock } = struct.id;
    const full = this.#makeRoom(bytes.length, this.#blocks.has(client));
    const block = this.#blocks.get(client) ?? { clock: clock + offset, structs: [] };
    block.structs.push(bytes);
    this.#blocks.set(client, block);
    this.#structs += 1;
    return full;
  }

  addDeletion(client: number, range: Range): Uint8Array | undefined {
    const full = this.#makeRoom(RANGE_BYTES, this.#deletions.has(client));
    const ranges = this.#deletions.get(client) ?? [];
    ranges.push(range);
    this.#deletions.set(client, ranges);
    return full;
  }

  /** What is left; an empty piece where nothing was added at all. */
  finish(): Uint8Array | undefined {
    return this.#bytes > COUNTS_BYTES || this.#hasGivenNone ? this.#cut() : undefined;
  }

  #makeRoom(bytes: number, hasHead: boolean): Uint8Array | undefined {
    const isFull = this.#bytes + bytes + (hasHead ? 0 : HEAD_BYTES) > this.#limit || this.#structs === MAX_STRUCTS;
    const full = isFull && this.#bytes > COUNTS_BYTES ? this.#cut() : undefined;
    this.#bytes += bytes + (hasHead && !full ? 0 : HEAD_BYTES);
    return full;
  }

  #cut(): Uint8Array {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, this.#blocks.size);
    for (const [client, { clock, structs }] of this.#blocks) {
      encoding.writeVarUint(encoder, structs.length);
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, clock);
      for (const bytes of structs) encoding.writeUint8Array(encoder, bytes);
    }
    encoding.writeVarUint(encoder, this.#deletions.size);
    for (const [client, ranges] of this.#deletions) {
      encoding.writeVarUint(encoder, client);
      writeRanges(encoder, ranges);
    }
    this.#blocks = new Map();
    this.#deletions = new Map();
    this.#bytes = COUNTS_BYTES;
    this.#structs = 0;
    this.#hasGivenNone = false;
    return encoding.toUint8Array(encoder);
  }
}
