/** Pings whose answers count. */
export const OFFSET_SAMPLES = 8;
/** Clocks drift, and are read in whole milliseconds: what two samples may differ by beyond their own uncertainty, ms. */
const SLACK_MS = 10;

export interface OffsetSample {
  /** The other's clock minus ours, ms; off by half the difference of the two ways at most. */
  readonly offset: number;
  /** ms */
  readonly roundTrip: number;
}

/** Whether one difference of the clocks can have given both. */
function mayAgree(a: OffsetSample, b: OffsetSample): boolean {
  return Math.abs(a.offset - b.offset) <= (a.roundTrip + b.roundTrip) / 2 + SLACK_MS;
}

/** How far another's clock is from ours, from pings and their answers: of the last ones the quickest is the best. */
export class ClockOffset {
  readonly #asked: number[] = [];
  readonly #samples: OffsetSample[] = [];

  /** A ping leaves at this time of ours, ms; returns what to send, which comes back with the answer. */
  ask(now: number): number {
    this.#asked.push(now);
    if (this.#asked.length > OFFSET_SAMPLES) this.#asked.shift();
    return now;
  }

  /** An answer to the ping of `time`, given at `theirs` and heard at `now`. What was never asked counts for nothing. */
  hear(time: number, theirs: number, now: number): void {
    const asked = this.#asked.indexOf(time);
    if (asked === -1) return;
    this.#asked.splice(0, asked + 1);
    const roundTrip = now - time;
    // Our own clock was set back meanwhile.
    if (roundTrip < 0) return;
    const sample = { offset: theirs - time - roundTrip / 2, roundTrip };
    // One of the clocks was set in between: the earlier ones say nothing of it any more.
    if (this.#samples.some((earlier) => !mayAgree(earlier, sample))) this.#samples.length = 0;
    this.#samples.push(sample);
    if (this.#samples.length > OFFSET_SAMPLES) this.#samples.shift();
  }

  /** What was measured and asked so far counts for nothing any more. */
  forget(): void {
    this.#asked.length = 0;
    this.#samples.length = 0;
  }

  /** Undefined before the first answer. */
  get best(): OffsetSample | undefined {
    return this.#samples.reduce<OffsetSample | undefined>(
      (best, sample) => (best && best.roundTrip <= sample.roundTrip ? best : sample),
      undefined,
    );
  }
}
