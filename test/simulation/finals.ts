import type { Final } from "../../crdt/show.ts";
import { MemoryFinals, type Finals } from "../../monitor/finals.ts";
import type { Life } from "./life.ts";
import type { Stage } from "./stage.ts";

/** How long the permanent database takes to latch a result, ms. */
const LATCH_MS = 5;

/** The results in the permanent database: one for all recorders, behind the time that a commit takes. */
export class SimFinals {
  readonly #inner = new MemoryFinals();
  readonly #stage: Stage;
  readonly #onlatched: (final: Final) => void;

  constructor(stage: Stage, onlatched: (final: Final) => void) {
    this.#stage = stage;
    this.#onlatched = onlatched;
  }

  get latched(): ReadonlyMap<string, Final> {
    return this.#inner.latched;
  }

  /** As one recorder's process reaches it. */
  of(life: Life): Finals {
    return {
      latch: (show, final) =>
        new Promise((resolve) => {
          if (!life.reach("before latching a result")) return;
          this.#stage.after(
            LATCH_MS,
            () => void this.#latch(life, show, final).then((standing) => this.#tell(life, resolve, standing)),
          );
        }),
    };
  }

  async #latch(life: Life, show: string, final: Final): Promise<Final> {
    const isFirst = !this.#inner.latched.has(`${show}/${final.poll}`);
    const standing = await this.#inner.latch(show, final);
    this.#stage.note(`${life.host} latched`, JSON.stringify(standing));
    if (isFirst) this.#onlatched(standing);
    else this.#stage.saw("final latched a second time");
    return standing;
  }

  #tell(life: Life, resolve: (standing: Final) => void, standing: Final): void {
    if (life.reach("after latching a result")) this.#stage.after(LATCH_MS, () => life.run(() => resolve(standing)));
  }
}
