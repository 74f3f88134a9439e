import type { Final } from "../../crdt/show.ts";
import type { Latches } from "../../monitor/recorder.ts";
import type { Life } from "./life.ts";
import type { Stage } from "./stage.ts";
import { MemoryFinals, MemoryShows } from "../support/memory-latches.ts";

/** How long the permanent database takes to latch something, ms. */
const LATCH_MS = 5;

/** What the permanent database latches: one for all recorders, behind the time that a commit takes. */
export class SimLatches {
  readonly #finals = new MemoryFinals();
  readonly #shows = new MemoryShows();
  readonly #stage: Stage;
  readonly #onfinal: (final: Final) => void;

  constructor(stage: Stage, onfinal: (final: Final) => void) {
    this.#stage = stage;
    this.#onfinal = onfinal;
  }

  get latched(): ReadonlyMap<string, Final> {
    return this.#finals.latched;
  }

  /** As one recorder's process reaches it. */
  of(life: Life): Latches {
    return {
      finals: { latch: (show, final) => this.#commit(life, () => this.#latch(life, show, final)) },
      shows: {
        establish: (proposal) => this.#commit(life, () => this.#shows.establish(proposal)),
        replaceKey: (show, key) => this.#commit(life, () => this.#shows.replaceKey(show, key)),
      },
    };
  }

  #commit<T>(life: Life, latch: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      if (!life.reach("before latching a result")) return;
      this.#stage.after(LATCH_MS, () => void latch().then((standing) => this.#tell(life, resolve, standing)));
    });
  }

  async #latch(life: Life, show: string, final: Final): Promise<Final> {
    const isFirst = !this.#finals.latched.has(`${show}/${final.poll}`);
    const standing = await this.#finals.latch(show, final);
    this.#stage.note(`${life.host} latched`, JSON.stringify(standing));
    if (isFirst) this.#onfinal(standing);
    else this.#stage.saw("final latched a second time");
    return standing;
  }

  #tell<T>(life: Life, resolve: (standing: T) => void, standing: T): void {
    if (life.reach("after latching a result")) this.#stage.after(LATCH_MS, () => life.run(() => resolve(standing)));
  }
}
