import type { World } from "../ports.ts";
import { MAX_ANSWER_PIECE_BYTES, MAX_QUESTION_BYTES, type AnswerFrame, type AskFrame } from "./frame.ts";

/** Answers to one peer that may be under way at once; what it asks beyond is left without an answer. */
export const MAX_ANSWERING = 8;
/** Longest answer: what one member says of itself in one view. A longer one is none. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Answers a question about this member; undefined where it does not, or cannot. Changes nothing. */
export interface Answerer {
  (question: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Sends a frame; false where it was not sent. */
interface Send {
  (frame: AskFrame | AnswerFrame): boolean;
}

interface Asked {
  readonly pieces: Uint8Array[];
  bytes: number;
  readonly settle: (answer: Uint8Array | undefined) => void;
}

/** Questions and answers of the inspector over one link: both sides ask, and neither waits longer than it wants to. */
export class Inquiries {
  readonly #send: Send;
  readonly #world: World;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;
  #answering = 0;

  constructor(world: World, send: Send) {
    this.#world = world;
    this.#send = send;
  }

  /** The peer's answer; undefined where none came within `timeoutMs`. */
  ask(question: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined> {
    if (question.length > MAX_QUESTION_BYTES) return Promise.resolve(undefined);
    const id = (this.#lastId = (this.#lastId + 1) >>> 0);
    return new Promise((resolve) => {
      const settle = (answer: Uint8Array | undefined): void => {
        cancel();
        this.#asked.delete(id);
        resolve(answer);
      };
      const cancel = this.#world.timers.after(timeoutMs, () => settle(undefined));
      this.#asked.set(id, { pieces: [], bytes: 0, settle });
      if (!this.#send({ type: "ask", id, question })) settle(undefined);
    });
  }

  /** Answers what the peer asks, in pieces. */
  async onask({ id, question }: AskFrame, answerer: Answerer | undefined): Promise<void> {
    if (!answerer || this.#answering >= MAX_ANSWERING) return;
    this.#answering += 1;
    try {
      const answer = await answerer(question);
      if (answer && answer.length <= MAX_ANSWER_BYTES) this.#answer(id, answer);
    } catch (error) {
      this.#world.log("warn", "a question could not be answered", { error: String(error) });
    } finally {
      this.#answering -= 1;
    }
  }

  /** A piece of an answer. One that nobody waits for any more is dropped. */
  onanswer({ id, more, piece }: AnswerFrame): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    asked.pieces.push(piece);
    asked.bytes += piece.length;
    if (asked.bytes > MAX_ANSWER_BYTES) asked.settle(undefined);
    else if (!more) asked.settle(concatenated(asked));
  }

  /** The link is closed: nothing comes any more. */
  end(): void {
    for (const asked of this.#asked.values()) asked.settle(undefined);
  }

  #answer(id: number, answer: Uint8Array): void {
    for (let at = 0, more = true; more; at += MAX_ANSWER_PIECE_BYTES) {
      more = at + MAX_ANSWER_PIECE_BYTES < answer.length;
      // A full link drops a piece, and the asker's time runs out.
      if (!this.#send({ type: "answer", id, more, piece: answer.subarray(at, at + MAX_ANSWER_PIECE_BYTES) })) return;
    }
  }
}

function concatenated({ pieces, bytes }: Asked): Uint8Array {
  const answer = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    answer.set(piece, at);
    at += piece.length;
  }
  return answer;
}
