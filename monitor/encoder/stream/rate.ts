import { distance, PCR_WRAP } from "../signal/packet.ts";

const TICKS_A_MS = 27_000;
/** Longest time between two clocks of a programme (ISO/IEC 13818-1, 2.7.2), with room for streams that break the rule. */
const MAX_INTERVAL_TICKS = 1000 * TICKS_A_MS;
/** Over so many ticks the rate is measured: long enough for the rounding of a clock to vanish. */
const WINDOW_TICKS = 2000 * TICKS_A_MS;
/** A rate that differs by more is another rate, and measuring starts anew. */
const TOLERANCE = 0.01;

/**
 * The clock of a stream: how long a packet takes, and how much time has passed, from the clocks of one programme and the
 * count of packets between.
 */
export class StreamRate {
  #pid = -1;
  #first = 0;
  #firstIndex = 0;
  #last = 0;
  #lastIndex = -1;
  #ticksAPacket = 0;
  #elapsed = 0;

  /** 27 MHz ticks of one packet; 0 where it is not known yet. */
  get ticksAPacket(): number {
    return this.#ticksAPacket;
  }

  /** Milliseconds of the stream that have gone by. */
  get elapsedMs(): number {
    return this.#elapsed / TICKS_A_MS;
  }

  /** `index` counts the packets of the input. `isFresh`: the clock starts anew, as its discontinuity says. */
  clock(pid: number, ticks: number, index: number, isFresh: boolean): void {
    if (this.#lastIndex < 0) return this.#begin(pid, ticks, index);
    if (pid !== this.#pid) {
      // The one that was followed has gone: another programme's clock is as good.
      const silence = (index - this.#lastIndex) * this.#ticksAPacket;
      if (silence > MAX_INTERVAL_TICKS || this.#ticksAPacket === 0) this.#begin(pid, ticks, index);
      return;
    }
    const passed = distance(this.#last, ticks, PCR_WRAP);
    if (isFresh || passed <= 0 || passed > MAX_INTERVAL_TICKS) return this.#begin(pid, ticks, index);
    this.#elapsed += passed;
    this.#measure(passed, ticks, index);
    this.#last = ticks;
    this.#lastIndex = index;
  }

  #begin(pid: number, ticks: number, index: number): void {
    this.#pid = pid;
    this.#first = this.#last = ticks;
    this.#firstIndex = this.#lastIndex = index;
  }

  #measure(passed: number, ticks: number, index: number): void {
    const now = passed / (index - this.#lastIndex);
    const known = this.#ticksAPacket;
    if (known === 0 || Math.abs(now - known) > known * TOLERANCE) {
      this.#first = this.#last;
      this.#firstIndex = this.#lastIndex;
      this.#ticksAPacket = now;
      return;
    }
    const window = distance(this.#first, ticks, PCR_WRAP);
    // A short window measures worse than the long one before it.
    if (window >= WINDOW_TICKS / 4) this.#ticksAPacket = window / (index - this.#firstIndex);
    if (window < WINDOW_TICKS) return;
    this.#first = ticks;
    this.#firstIndex = index;
  }
}
