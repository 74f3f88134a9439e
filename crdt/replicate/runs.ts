import * as decoding from "lib0/decoding";
import * as Y from "yjs";
import type { DocumentName } from "../documents.ts";
import type { Introductions } from "./introduction.ts";
import type { Owner } from "./wire.ts";

/** What the guard is told of a document. */
export interface GuardPolicy {
  readonly kind: DocumentName["kind"];
  readonly introductions: Pick<Introductions, "ownerOf">;
  /** Of a ledger: Yjs client → clock below which its items may be deleted. */
  readonly deletable: Readonly<Record<string, number>>;
  /** Largest update in bytes; what a frame holds, unless given. */
  readonly maxBytes?: number;
}

export interface Refusal {
  readonly ok: false;
  /**
   * "hostile": no replica writes this, and none hands it on: close the link. "gap": it does not fit what we hold. An
   * honest peer may send it before something that it builds on has come (an earlier update, an introduction, the board),
   * or where someone told the two of us different things: compare state again, later.
   */
  readonly kind: "gap" | "hostile";
  readonly reason: string;
}

/** Structs in one update. Pieces are cut at it; a live update has as many as one transaction wrote. */
export const MAX_STRUCTS = 8_192;
/** Above it clocks leave V8's small integers, and bitwise arithmetic somewhere in Yjs would wrap. */
export const MAX_CLOCK = 2 ** 31;

/** The structs of one client in an update. */
export interface Run {
  readonly client: number;
  readonly owner: Owner;
  readonly items: Y.Item[];
  /** End of what we hold of the client. */
  readonly held: number;
  /** End of what was admitted, at least `held`. */
  known: number;
}

/** An update taken apart. */
export interface Parts {
  readonly structs: readonly (Y.Item | Y.GC | Y.Skip)[];
  readonly deletions: ReadonlyMap<number, readonly { readonly clock: number; readonly len: number }[]>;
  /** Blocks of structs that the update says it has. */
  readonly blocks: number;
}

/** An empty update is two zeros. A longer one that says nothing is most likely in Yjs's second encoding. */
const EMPTY_BYTES = 2;

/** `decodeUpdate` goes struct by struct: nothing is allocated by a count that is only claimed. */
export function takeApart(update: Uint8Array): Parts | undefined {
  try {
    const { structs, ds } = Y.decodeUpdate(update);
    if (structs.length === 0 && ds.clients.size === 0 && update.length !== EMPTY_BYTES) return undefined;
    return { structs, deletions: ds.clients, blocks: decoding.readVarUint(decoding.createDecoder(update)) };
  } catch {
    return undefined;
  }
}

/** Sorts structs by client, and checks what can be told without knowing what they refer to. */
export function runsOf(doc: Y.Doc, parts: Parts, policy: GuardPolicy): Map<number, Run> | Refusal {
  const { structs, blocks } = parts;
  if (structs.length > MAX_STRUCTS)
    return hostile(`the update has ${structs.length} structs, the limit is ${MAX_STRUCTS}`);
  const runs = new Map<number, Run>();
  for (const struct of structs) {
    const { client } = struct.id;
    const run = runs.get(client) ?? newRun(doc, client, policy);
    if ("ok" in run) return run;
    const refused = addTo(run, struct, doc);
    if (refused) return refused;
    runs.set(client, run);
  }
  // Yjs reads a client's second block over its first, which is lost in silence.
  if (runs.size !== blocks) return hostile(`the update has ${blocks} blocks of ${runs.size} clients`);
  return runs;
}

function newRun(doc: Y.Doc, client: number, policy: GuardPolicy): Run | Refusal {
  const owner = policy.introductions.ownerOf(client);
  if (!owner) return gap(`nobody has introduced client ${client}`);
  const held = Y.getState(doc.store, client);
  return { client, owner, items: [], held, known: held };
}

function addTo(run: Run, struct: Y.Item | Y.GC | Y.Skip, doc: Y.Doc): Refusal | undefined {
  const { client, clock } = struct.id;
  const before = run.items.at(-1);
  if (!before && clock > run.held) return gap(`client ${client} goes on at ${clock}, we hold up to ${run.held}`);
  if (before && clock !== endOf(before)) return hostile(`client ${client} goes on at ${clock} after ${endOf(before)}`);
  if (!(struct instanceof Y.Item) || !isOurs(struct))
    return hostile(`${describe(struct)} is nothing that a replica writes`);
  if (endOf(struct) >= MAX_CLOCK) return hostile(`client ${client} ends at ${endOf(struct)}`);
  // Someone writes in our name, perhaps unknown to the peer. Yjs would take another client for our own writing.
  if (client === doc.clientID && endOf(struct) > run.held) return gap(`client ${client} is this replica's own`);
  run.items.push(struct);
  return undefined;
}

/**
 * Our writers set and remove keys of root maps and push bytes to root arrays. So no item has a right origin or a nested
 * parent, none but a tombstone is longer than 1, and the structs that collected nested types leave (`GC`) never exist.
 */
function isOurs(item: Y.Item): boolean {
  if (item.rightOrigin !== null || item.parent instanceof Y.ID) return false;
  if (item.content instanceof Y.ContentDeleted) return item.length >= 1;
  return item.length === 1 && (item.content instanceof Y.ContentBinary || item.content instanceof Y.ContentAny);
}

/** What will be held of a client once what was admitted so far is applied. */
export function knownOf(doc: Y.Doc, runs: ReadonlyMap<number, Run>, client: number): number {
  return runs.get(client)?.known ?? Y.getState(doc.store, client);
}

export function endOf(item: Y.Item): number {
  return item.id.clock + item.length;
}

export function describe({ id }: { readonly id: Y.ID }): string {
  return `struct ${id.clock} of client ${id.client}`;
}

export function gap(reason: string): Refusal {
  return { ok: false, kind: "gap", reason };
}

export function hostile(reason: string): Refusal {
  return { ok: false, kind: "hostile", reason };
}
