/** How often an edge that needs a process says so, ms: well within what the process lingers. */
const KEEP_MS = 20_000;
/** While the process has no link with it, an edge asks for it so often, ms. */
const WAKE_MS = 1000;

/** Keeps a process' object awake for one edge, as long as that needs it. */
export class Keeper {
  readonly #need: () => Promise<void>;
  #askedAt = 0;

  /** `need` wakes the process, and rejects where it cannot be reached. */
  constructor(need: () => Promise<void>) {
    this.#need = need;
  }

  /** To be called again and again while it is needed; rejects where it could not be woken now. */
  async keep(now: number, isLinked: boolean): Promise<void> {
    if (now - this.#askedAt < (isLinked ? KEEP_MS : WAKE_MS)) return;
    this.#askedAt = now;
    await this.#need();
  }
}
