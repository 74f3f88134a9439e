/**
 * What a poll knows of each receiver: an open-addressing hash table of 16-byte slots, so that a probe is one cache
 * line and ten million receivers are 200 MB and not four gigabytes. It is kept in 256 parts by the identity's top
 * byte, so that growing never stalls: a part of 40,000 slots is rebuilt in under a millisecond.
 *
 *     slot = lo, hi' << 8 | edge, press << 16 | option << 8 | signed << 7 | k, time      (four u32)
 *
 * `hi'` is the identity without the part's byte. `k` is never 0 in a taken slot. `edge` and `time` are local: an index
 * into the owner's list of edges, and milliseconds since the owner's epoch.
 */
export class ReceiverTable {
  readonly #parts: Part[] = Array.from({ length: PARTS }, () => new Part(FIRST_SLOTS));
  #size = 0;

  /** Receivers (or receivers × k) in the table. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of memory held by the slots. */
  get bytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.words.byteLength, 0);
  }

  /** The choice in force for (receiver, k), or undefined. The returned value is the caller's to keep. */
  get(hi: number, lo: number, k: number): Slot | undefined {
    const part = this.#parts[hi >>> 24]!;
    const at = part.find(hi, lo, k);
    return part.words[at + 2] === 0 ? undefined : readSlot(part.words, at, hi, lo);
  }

  /**
   * Puts `next` in place if the slot is free or `beats(next, current)`; returns the choice that it replaced, "new"
   * where the slot was free, or undefined where the current choice stands.
   */
  put(next: Slot, beats: (next: Slot, current: Slot) => boolean): Slot | "new" | undefined {
    const part = this.#parts[next.hi >>> 24]!;
    const at = part.find(next.hi, next.lo, next.k);
    if (part.words[at + 2] === 0) {
      part.insert(at, next);
      this.#size += 1;
      return "new";
    }
    const current = readSlot(part.words, at, next.hi, next.lo);
    if (!beats(next, current)) return undefined;
    writeSlot(part.words, at, next);
    return current;
  }

  *[Symbol.iterator](): Generator<Slot> {
    for (const [index, part] of this.#parts.entries()) {
      for (let at = 0; at < part.words.length; at += WORDS) {
        if (part.words[at + 2] === 0) continue;
        const hi = ((index << 24) | (part.words[at + 1]! >>> 8)) >>> 0;
        yield readSlot(part.words, at, hi, part.words[at]!);
      }
    }
  }
}

/** A choice as the table keeps it. */
export interface Slot {
  readonly hi: number;
  readonly lo: number;
  readonly k: number;
  readonly press: number;
  readonly option: number;
  readonly signed: boolean;
  /** 0 to 255: index into the owner's list of edges. */
  readonly edge: number;
  /** Milliseconds since the owner's epoch, u32. */
  readonly time: number;
}

const PARTS = 256;
const WORDS = 4;
const FIRST_SLOTS = 8;
/**
 * Between 0.61 and 0.85 of the slots are taken, so that a receiver has at most 26.4 bytes, and moves with two and a half
 * growths; a miss probes at most some 23 slots of adjacent memory. (With 0.8 and a quarter it is four moves, a fifth of
 * what a ballot costs here.)
 */
const MOST_LOAD = 0.85;
const GROWTH = 1.4;

class Part {
  words: Uint32Array;
  #slots: number;
  #taken = 0;

  constructor(slots: number) {
    this.#slots = slots;
    this.words = new Uint32Array(slots * WORDS);
  }

  /** Word offset of the slot that holds (hi, lo, k), or of the free slot where it belongs. */
  find(hi: number, lo: number, k: number): number {
    const key = (hi << 8) >>> 0;
    let slot = this.#home(hi & 0xffffff, lo);
    for (;;) {
      const at = slot * WORDS;
      const tail = this.words[at + 2]!;
      if (tail === 0) return at;
      if (this.words[at] === lo && (this.words[at + 1]! & 0xffffff00) >>> 0 === key && (tail & 0x0f) === k) return at;
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    }
  }

  insert(at: number, slot: Slot): void {
    writeSlot(this.words, at, slot);
    this.#taken += 1;
    if (this.#taken > this.#slots * MOST_LOAD) this.#grow();
  }

  /** Spreads identities evenly over a number of slots that is no power of two; k is left out, so votes lie adjacent. */
  #home(tail: number, lo: number): number {
    return Math.floor(((lo ^ Math.imul(tail, 0x9e3779b1)) >>> 0) * (this.#slots / 2 ** 32));
  }

  #grow(): void {
    const old = this.words;
    this.#slots = Math.ceil(this.#slots * GROWTH);
    this.words = new Uint32Array(this.#slots * WORDS);
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from + 2] === 0) continue;
      const at = this.find(old[from + 1]! >>> 8, old[from]!, old[from + 2]! & 0x0f);
      for (let word = 0; word < WORDS; word++) this.words[at + word] = old[from + word]!;
    }
  }
}

function readSlot(words: Uint32Array, at: number, hi: number, lo: number): Slot {
  const tail = words[at + 2]!;
  return {
    hi,
    lo,
    k: tail & 0x0f,
    press: tail >>> 16,
    option: (tail >>> 8) & 0xff,
    signed: (tail & 0x80) !== 0,
    edge: words[at + 1]! & 0xff,
    time: words[at + 3]!,
  };
}

function writeSlot(words: Uint32Array, at: number, slot: Slot): void {
  words[at] = slot.lo;
  words[at + 1] = ((slot.hi << 8) | slot.edge) >>> 0;
  words[at + 2] = ((slot.press << 16) | (slot.option << 8) | (slot.signed ? 0x80 : 0) | slot.k) >>> 0;
  words[at + 3] = slot.time;
}
