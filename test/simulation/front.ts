import type { Dice } from "./dice.ts";
import type { Life } from "./life.ts";
import type { Stage } from "./stage.ts";

/** What becomes of a request: an answer; nobody listens there; or nothing comes back in time. */
export type Reply<A> =
  | { readonly kind: "answer"; readonly answer: A }
  | { readonly kind: "unreachable" }
  | { readonly kind: "silence" };

/** Where a program may be found. */
export interface Host<P> {
  readonly running: P | undefined;
}

/** The network between edges and everyone outside: receivers and producers. */
export class Front {
  /** Chance of each request, and each answer, to be lost; and to come late. */
  loss = 0;
  /** No request comes twice any more, or long after its sender has given up. */
  isCalm = false;
  readonly #stage: Stage;
  readonly #dice: Dice;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#dice = stage.dice("front");
  }

  /**
   * Asks the program on a machine. A request may be lost, may come twice, and may come long after its sender has given
   * up; so may its answer. `before` is told of an answer the moment the edge gives it, whoever hears it.
   */
  ask<A, P extends { readonly life: Life }>(
    machine: Host<P>,
    timeoutMs: number,
    handle: (program: P) => A | Promise<A>,
    before: (answer: A, program: P) => void = () => {},
  ): Promise<Reply<A>> {
    return new Promise((resolve) => {
      this.#stage.after(timeoutMs, () => resolve({ kind: "silence" }));
      const copies = !this.isCalm && this.#dice.chance(0.03) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++)
        if (!this.#dice.chance(this.loss))
          this.#stage.after(this.#delay(), () => this.#arrive(machine, handle, before, resolve));
    });
  }

  #arrive<A, P extends { readonly life: Life }>(
    machine: Host<P>,
    handle: (program: P) => A | Promise<A>,
    before: (answer: A, program: P) => void,
    resolve: (reply: Reply<A>) => void,
  ): void {
    const program = machine.running;
    if (!program) return void this.#stage.after(this.#delay(), () => resolve({ kind: "unreachable" }));
    const { life } = program;
    life.run(() => {
      Promise.resolve(handle(program)).then(
        (answer) => {
          if (!life.reach("before an answer")) return;
          before(answer, program);
          if (!this.#dice.chance(this.loss))
            this.#stage.after(this.#delay(), () => resolve({ kind: "answer", answer }));
        },
        (error: unknown) => life.fail(error),
      );
    });
  }

  /** Most are quick; some come after their sender has given up. */
  #delay(): number {
    return !this.isCalm && this.#dice.chance(0.03 + this.loss)
      ? this.#dice.between(500, 4000)
      : this.#dice.between(2, 60);
  }
}
