import type { CueIndication } from "../indication.ts";
import type { Carriers } from "./carriers.ts";

/** How often the AIT comes, ms of the stream (ETSI TS 102 809, 5.3.4.1, wants it at least every 10 s). */
const AIT_INTERVAL_MS = 500;
/** When a stream event comes again after its first time, ms of the stream. */
const REPETITIONS_MS = [200, 500, 1000] as const;

/** What comes again and again: the AIT, and the last stream event a few times. Times are the stream's own, ms. */
export class Repeater {
  readonly #carriers: Carriers;
  #aitDue = 0;
  #last: { readonly indication: CueIndication; readonly since: number; readonly done: number } | undefined;

  constructor(carriers: Carriers) {
    this.#carriers = carriers;
  }

  /** A cue went out: a receiver that goes by versions must not see the one before it any more. */
  follow(indication: CueIndication, now: number): void {
    this.#last = { indication, since: now, done: 0 };
  }

  /** Hands over the packets that are due. */
  repeat(now: number, send: (packets: Uint8Array) => void): void {
    if (now >= this.#aitDue) {
      this.#aitDue = now + AIT_INTERVAL_MS;
      send(this.#carriers.ait());
    }
    const last = this.#last;
    const next = last && REPETITIONS_MS[last.done];
    if (!last || next === undefined) this.#last = undefined;
    else if (now - last.since >= next) {
      this.#last = { ...last, done: last.done + 1 };
      send(this.#carriers.streamEventOf(last.indication));
    }
  }
}
