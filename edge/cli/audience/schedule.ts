import type { Dice } from "./dice.ts";

/** When receivers come: at random, so many a second on average (a Poisson process), whatever became of those before. */
export class Schedule {
  readonly #dice: Dice;
  readonly #meanMs: number;
  readonly #count: number;
  #given = 0;
  #nextAt = 0;

  constructor(count: number, perSecond: number, dice: Dice) {
    this.#count = count;
    this.#meanMs = 1000 / perSecond;
    this.#dice = dice;
  }

  /** Time of the next arrival, ms since the start; undefined once all have come. */
  get nextAt(): number | undefined {
    return this.#given < this.#count ? this.#nextAt : undefined;
  }

  /** Takes the next arrival: the receiver's number. */
  take(): number {
    this.#nextAt += -Math.log(1 - this.#dice.next()) * this.#meanMs;
    return this.#given++;
  }
}
