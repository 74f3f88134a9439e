import * as Y from "yjs";
import { Order, type Chain } from "./order.ts";
import { describe, endOf, gap, hostile, knownOf, type Refusal, type Run } from "./runs.ts";
import { isBoardValue, isRegister } from "./shapes.ts";
import type { Owner } from "./wire.ts";

/** A root map of a document: who writes which keys, and what. */
export interface Root {
  readonly content: "json" | "bytes";
  /** Whether readers can make something of a JSON value under a key. */
  isValue?(key: string, value: unknown): boolean;
  mayWrite(key: string, owner: Owner): boolean;
  /** Whether a key may be removed, and not only overwritten. */
  mayErase(key: string): boolean;
}

export type Roots = ReadonlyMap<string, Root>;

/** Keys of the board that are removed and not only overwritten: entries of the roster, what is withdrawn, what is taken back. */
const ERASABLE = /^(roster|content|scheduled)\//;

export const BOARD_ROOTS: Roots = new Map<string, Root>([
  ["board", { content: "json", isValue: isBoardValue, mayWrite: () => true, mayErase: (key) => ERASABLE.test(key) }],
  ["pictures", { content: "bytes", mayWrite: () => true, mayErase: () => false }],
]);

export const TALLIES_ROOTS: Roots = new Map<string, Root>([
  [
    "registers",
    {
      content: "json",
      isValue: (_key, value) => isRegister(value),
      mayWrite: (key, owner) => key === owner.member,
      mayErase: () => false,
    },
  ],
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
  /** The last item of each key that the update writes to, as Yjs will keep them, by the name of its place. */
  readonly #last = new Map<string, Y.ID>();
  /** The newest item of a client in a key, by both. */
  readonly #newest = new Map<string, Y.ID>();
  readonly #order = new Order((id) => this.#chainOf(id));

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
   * it.
   */
  judgeDeletion(client: number, clock: number, end: number): Refusal | undefined {
    const structs = this.#doc.store.clients.get(client);
    if (!structs || clock >= Y.getState(this.#doc.store, client)) return undefined;
    for (let i = Y.findIndexSS(structs, clock); i < structs.length && structs[i]!.id.clock < end; i++) {
      const struct = structs[i]!;
      if (struct.deleted) continue;
      const place = this.#placeIn(struct.id);
      if (!place || (!place.root.mayErase(place.key) && isSame(this.#lastOf(place), struct.id)))
        return gap(`${describe(struct)} is the value of "${place ? nameOf(place) : "no key"}", and is deleted`);
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
    if (!suits(item, place)) return this.#unfit(item, `is no content for "${nameOf(place)}"`);
    const refused = endOf(item) > run.held ? this.#admitFresh(run, item, place) : undefined;
    if (refused) return refused;
    const places = this.#places.get(run.client);
    if (places) places.push(place);
    else this.#places.set(run.client, [place]);
    run.known = Math.max(run.known, endOf(item));
    return undefined;
  }

  /** A root is named by the item itself, or lies in what we hold: then another may hold something else there. */
  #unfit(item: Y.Item, problem: string): Refusal {
    const reason = `${describe(item)} ${problem}`;
    return item.origin === null ? hostile(reason) : gap(reason);
  }

  /**
   * Judges where a new item stands. A writer puts each item behind the last one that it knows, its own among them; what
   * goes back before them, again and again, would have Yjs walk over all items of the key each time.
   */
  #admitFresh(run: Run, item: Y.Item, place: Place): Refusal | undefined {
    const first = Y.createID(run.client, Math.max(item.id.clock, run.held));
    const origin = first.clock === item.id.clock ? item.origin : Y.createID(run.client, first.clock - 1);
    // Of a struct held in part, Yjs chains the rest to what is held, whatever the struct says of its place.
    if (first.clock > item.id.clock && nameOf(this.#placeIn(origin!)!) !== nameOf(place))
      return gap(`${describe(item)} runs over several keys`);
    const last = this.#lastOf(place);
    const isNext = isSame(origin, last);
    if (!isNext && this.#goesBack(run, origin, place)) return gap(`${describe(item)} goes back in "${nameOf(place)}"`);
    if (isNext || last === null || this.#order.isBehind(first, last)) this.#last.set(nameOf(place), item.lastId);
    this.#newest.set(`${run.client}/${nameOf(place)}`, item.lastId);
    return this.#order.isExhausted ? gap(`${describe(item)} stands among too many items`) : undefined;
  }

  #goesBack(run: Run, origin: Y.ID | null, place: Place): boolean {
    const newest = this.#newest.get(`${run.client}/${nameOf(place)}`) ?? this.#newestHeld(run.client, place);
    if (!newest) return false;
    return origin === null || !(isSame(origin, newest) || this.#order.isBehind(origin, newest));
  }

  #newestHeld(client: number, place: Place): Y.ID | undefined {
    const structs = this.#doc.store.clients.get(client) ?? [];
    const type = this.#doc.share.get(place.name);
    for (let i = structs.length - 1; i >= 0 && this.#order.step(); i--) {
      const struct = structs[i]!;
      if (struct instanceof Y.Item && struct.parentSub === place.key && struct.parent === type) return struct.lastId;
    }
    return undefined;
  }

  /** The item that gives a key its value; null where there is none yet. */
  #lastOf(place: Place): Y.ID | null {
    return this.#last.get(nameOf(place)) ?? this.#doc.share.get(place.name)?._map.get(place.key)?.lastId ?? null;
  }

  #chainOf({ client, clock }: Y.ID): Chain {
    const run = this.#runs.get(client);
    const held = run?.held ?? Infinity;
    if (clock < held) {
      const { id, origin }: Y.Item = Y.getItem(this.#doc.store, Y.createID(client, clock));
      return { client, start: id.clock, origin };
    }
    const { id, origin } = run!.items[indexOf(run!.items, clock)]!;
    if (id.clock >= held) return { client, start: id.clock, origin };
    return { client, start: held, origin: Y.createID(client, held - 1) };
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

function isSame(a: Y.ID | null, b: Y.ID | null): boolean {
  return a === b || (a !== null && b !== null && Y.compareIDs(a, b));
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

function suits({ content }: Y.Item, { root, key }: Place): boolean {
  if (content instanceof Y.ContentDeleted) return true;
  if (root.content === "bytes") return content instanceof Y.ContentBinary;
  if (!(content instanceof Y.ContentAny)) return false;
  const value: unknown = content.arr[0];
  return isJson(value, MAX_JSON_DEPTH) && (root.isValue?.(key, value) ?? true);
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
