/** How fast a number follows its target: the time in ms in which the distance shrinks to a third. */
const FOLLOW_MS = 160;

/** Numbers that glide to where they should be, so that ten updates a second look like one movement. */
export class Motion {
  readonly #glides: boolean;
  #targets: readonly number[] = [];
  #values: number[] = [];
  #last: number | undefined;

  /** `glides`: false where the viewer asked for less motion. */
  constructor(glides: boolean) {
    this.#glides = glides;
  }

  aim(targets: readonly number[]): void {
    this.#targets = targets;
  }

  /** The numbers at this frame, `at` in ms; undefined where nothing moves. */
  step(at: number): readonly number[] | undefined {
    const passed = at - (this.#last ?? at - FOLLOW_MS);
    this.#last = at;
    const isResting =
      this.#values.length === this.#targets.length && this.#values.every((v, i) => v === this.#targets[i]);
    if (isResting) return undefined;
    const share = this.#glides ? 1 - Math.exp(-passed / FOLLOW_MS) : 1;
    this.#values = this.#targets.map((target, i) => {
      const value = this.#values[i] ?? target;
      const next = value + (target - value) * share;
      return Math.abs(target - next) < 0.5 ? target : next;
    });
    return this.#values;
  }
}
