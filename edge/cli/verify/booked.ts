import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { receiverHex, receiverId, type ReceiverId } from "../../../crdt/receiver.ts";
import { findBooks, type Books, type ReceiverLine } from "../audience/books.ts";

/** The books of one poll, of all audiences it had. */
export class Booked {
  readonly lines: readonly ReceiverLine[];
  /** Whether an audience was interrupted, so that what it did last is not in its books. */
  readonly interrupted: boolean;
  readonly #subjects = new Map<string, string>();
  readonly #ids = new Map<string, ReceiverId>();

  /** `showKey` is unwrapped. Where audiences share a receiver, since they share a seed, the later one's line stands. */
  constructor(books: readonly Books[], poll: string, showKey: string) {
    const ofPoll = books
      .filter(({ audience }) => audience.poll === poll)
      .sort((a, b) => a.audience.started - b.audience.started);
    const lines = new Map(ofPoll.flatMap(({ receivers }) => receivers).map((line) => [line.receiver, line]));
    this.lines = [...lines.values()];
    this.interrupted = ofPoll.some(({ totals }) => !totals);
    for (const { receiver } of this.lines) {
      const id = receiverId(showKey, receiver);
      this.#ids.set(receiver, id);
      this.#subjects.set(receiverHex(id), receiver);
    }
  }

  idOf(subject: string): ReceiverId {
    return this.#ids.get(subject)!;
  }

  /** Keyed hashes of all its receivers. */
  hashes(): ReadonlySet<string> {
    return new Set(this.#subjects.keys());
  }

  /** The subject where it is known, else the keyed hash. */
  nameOf(id: ReceiverId): string {
    const hash = receiverHex(id);
    return this.#subjects.get(hash) ?? `receiver ${hash}`;
  }
}

/** The books in a network's folder that are of `show`. */
export function booksOfShow(folder: string, show: string): Books[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".ndjson"));
  const books = files.flatMap((name) => findBooks(join(folder, name)) ?? []);
  return books.filter(({ audience }) => audience.show === show);
}
