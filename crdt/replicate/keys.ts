import * as Y from "yjs";
import { describe, endOf, gap, hostile, knownOf, type Refusal, type Run } from "./runs.ts";
import type { Owner } from "./wire.ts";

/** A root map of a document: who writes which keys, and what. */
export interface Root {
  readonly content: "json" | "bytes";
  mayWrite(key: string, owner: Owner): boolean;
  /** Whether a key may be removed, and not only overwritten. */
  mayErase(key: string): boolean;
}

export type Roots = ReadonlyMap<string, Root>;

/** Keys of the board that are removed and not only overwritten: `Board.removeRosterEntry`. */
const ERASABLE = "roster/";

export const BOARD_ROOTS: Roots = new Map<string, Root>([
  ["board", { content: "json", mayWrite: () => true, mayErase: (key) => key.startsWith(ERASABLE) }],
  ["pictures", { content: "bytes", mayWrite: () => true, mayErase: () => false }],
]);

export const TALLIES_ROOTS: Roots = new Map<string, Root>([
  ["registers", { content: "json", mayWrite: (key, owner) => key === owner.member, mayErase: () => false }],
]);

/** Deep values overflow the stack of whoever writes them again; ours have six levels. */
export const MAX_JSON_DEPTH = 32;
/** UTF-16 units; ours have 121 at most, `roster/` with an edge's name and boot among them. */
export const MAX_KEY_LENGTH = 256;

/** A key of a root map: an item belongs to the history of one. */
interface Place {
  readonly name: string;
  readonly root: Root;
  readonly key: string;
}

/** Judges an update of a document of root maps. */
export class Keys {
  readonly #doc: Y.Doc;
  readonly #runs: ReadonlyMap<number, Run>;
  readonly #roots: Roots;
  /** Places of the items admitted so far, by client. */
  readonly #places = new Map<number, Place[]>();
  /** Items that are new to us, by the name of their place. */
  readonly #fresh = new Map<string, Y.Item[]>();

  constructor(doc: Y.Doc, runs: ReadonlyMap<number, Run>, roots: Roots) {
    this.#doc = doc;
    this.#runs = runs;
    this.#roots = roots;
  }

  /** Goes on with whichever client can, as Yjs does, until all is admitted or every client waits for something. */
  admit(): Refusal | undefined {
    const waiting = [...this.#runs.values()];
    for (let progress = true; progress;) {
      progress = false;
      for (const run of waiting) {
        for (let item = this.#next(run); item && this.#isReady(item); item = this.#next(run)) {
          const refused = this.#admitItem(run, item);
          if (refused) return refused;
          progress = true;
        }
      }
    }
    const stuck = waiting.map((run) => this.#next(run)).find((item) => item !== undefined);
    return stuck && gap(`${describe(stuck)} builds on something that we lack`);
  }

  /**
   * Judges the deletion of a client's clocks from `clock` to `end`: a live value goes only where the update overwrites
   * it. It is no proof of malice: a peer that was told two things under one clock may hold what nobody should.
   */
  judgeDeletion(client: number, clock: number, end: number): Refusal | undefined {
    const structs = this.#doc.store.clients.get(client);
    if (!structs || clock >= Y.getState(this.#doc.store, client)) return undefined;
    for (let i = Y.findIndexSS(structs, clock); i < structs.length && structs[i]!.id.clock < end; i++) {
      const struct = structs[i]!;
      if (struct.deleted || !(struct instanceof Y.Item)) continue;
      const place = this.#placeIn(struct.id);
      if (!place) return hostile(`${describe(struct)} is of no key, and is deleted`);
      if (!place.root.mayErase(place.key) && !this.#isOverwritten(struct, place))
        return gap(`${describe(struct)} is the value of "${nameOf(place)}", and is deleted`);
    }
    return undefined;
  }

  #next(run: Run): Y.Item | undefined {
    return run.items[this.#places.get(run.client)?.length ?? 0];
  }

  #isReady({ id, origin }: Y.Item): boolean {
    if (origin === null) return true;
    // Yjs looks up an origin of the item's own client without asking whether it is there.
    if (origin.client === id.client) return origin.clock < id.clock;
    return origin.clock < knownOf(this.#doc, this.#runs, origin.client);
  }

  #admitItem(run: Run, item: Y.Item): Refusal | undefined {
    const place = this.#placeOf(item);
    if (!place) return hostile(`${describe(item)} is in no map of this document`);
    const { root, key } = place;
    if (key.length > MAX_KEY_LENGTH)
      return hostile(`${describe(item)} has a key of ${key.length}, the limit is ${MAX_KEY_LENGTH}`);
    if (!root.mayWrite(key, run.owner)) return hostile(`"${run.owner.member}" may not write "${nameOf(place)}"`);
    if (!suits(item, root)) return hostile(`${describe(item)} is no content for "${nameOf(place)}"`);
    if (!this.#continues(run, item, place)) return hostile(`${describe(item)} runs over several keys`);
    const places = this.#places.get(run.client);
    if (places) places.push(place);
    else this.#places.set(run.client, [place]);
    if (endOf(item) > run.held) this.#addFresh(nameOf(place), item);
    run.known = Math.max(run.known, endOf(item));
    return undefined;
  }

  #addFresh(name: string, item: Y.Item): void {
    const fresh = this.#fresh.get(name);
    if (fresh) fresh.push(item);
    else this.#fresh.set(name, [item]);
  }

  /**
   * Whether Yjs will put something behind `value`, the last of its key's items, and so delete it. With no right origins
   * their order is that of a tree whose parents are the origins: each item before its children, those by client.
   */
  #isOverwritten(value: Y.Item, place: Place): boolean {
    const fresh = this.#fresh.get(nameOf(place)) ?? [];
    return fresh.some((item) => {
      const held = this.#runs.get(item.id.client)!.held;
      const origin = item.id.clock < held ? Y.createID(item.id.client, held - 1) : item.origin;
      return origin && Y.compareIDs(origin, value.id) ? true : item.id.client > this.#clientBelow(origin, value);
    });
  }

  /** The client of the child of `origin` (null: of the key itself) from which `value` comes; above all where none does. */
  #clientBelow(origin: Y.ID | null, value: Y.Item): number {
    for (let item = value; ; ) {
      if (item.origin === null) return origin === null ? item.id.client : Infinity;
      if (origin !== null && Y.compareIDs(origin, item.origin)) return item.id.client;
      const above = Y.getItem(this.#doc.store, item.origin);
      // Merged items are a chain, each the child of the one before.
      if (origin?.client === above.id.client && origin.clock >= above.id.clock && origin.clock < item.origin.clock) return above.id.client;
      item = above;
    }
  }

  /** Of a struct held in part, Yjs chains the rest to what is held, whatever the struct says of its place. */
  #continues(run: Run, item: Y.Item, place: Place): boolean {
    if (item.id.clock >= run.held || endOf(item) <= run.held) return true;
    const held = this.#placeIn(Y.createID(run.client, run.held - 1));
    return held !== undefined && nameOf(held) === nameOf(place);
  }

  #placeOf({ origin, parent, parentSub }: Y.Item): Place | undefined {
    if (origin === null) return this.#place(parent, parentSub);
    if (origin.clock < Y.getState(this.#doc.store, origin.client)) return this.#placeIn(origin);
    const index = indexOf(this.#runs.get(origin.client)?.items ?? [], origin.clock);
    return this.#places.get(origin.client)?.[index];
  }

  /** The place of an item that we hold. */
  #placeIn(id: Y.ID): Place | undefined {
    const item: Y.Item | Y.GC = Y.getItem(this.#doc.store, id);
    if (!(item instanceof Y.Item)) return undefined;
    for (const name of this.#roots.keys())
      if (this.#doc.share.get(name) === item.parent) return this.#place(name, item.parentSub);
    return undefined;
  }

  #place(name: unknown, key: string | null): Place | undefined {
    if (typeof name !== "string" || key === null) return undefined;
    const root = this.#roots.get(name);
    return root && { name, root, key };
  }
}

function nameOf(place: Place): string {
  return `${place.name}/${place.key}`;
}

/** Index of the item that holds `clock`, among contiguous ones; -1 where none does. */
function indexOf(items: readonly Y.Item[], clock: number): number {
  let [low, high] = [0, items.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const item = items[middle]!;
    if (clock < item.id.clock) high = middle - 1;
    else if (clock >= endOf(item)) low = middle + 1;
    else return middle;
  }
  return -1;
}

function suits({ content }: Y.Item, root: Root): boolean {
  if (content instanceof Y.ContentDeleted) return true;
  if (root.content === "bytes") return content instanceof Y.ContentBinary;
  return content instanceof Y.ContentAny && isJson(content.arr[0], MAX_JSON_DEPTH);
}

/** What `JSON.parse` can give, and `undefined`. A "__proto__" read by lib0 becomes a prototype, and is lost when written. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth - 1));
  return (
    Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every((item) => isJson(item, depth - 1))
  );
}
