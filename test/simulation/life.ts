import type { Log, World } from "../../crdt/ports.ts";
import type { Dice } from "./dice.ts";
import type { Stage } from "./stage.ts";

/** Where a process may be killed: each of its effects on the world, before or after it. */
export type FaultPoint =
  | "before reading its disk"
  | "before a write"
  | "between fsync and acknowledgement"
  | "before a frame"
  | "before an answer"
  | "before latching a result"
  | "after latching a result"
  | "before asking the books"
  | "after asking the books"
  | "before asking the provider"
  | "after asking the provider";

/** Kills a process when it reaches a point for the nth time. */
export interface Ambush {
  readonly point: FaultPoint;
  times: number;
}

/** How a process ends: killed by the fault plan, or by its own decision as `process.exit`. */
export type Ending = "killed" | "exited";

/** One process from its start to its end. Once it is dead nothing that its code still does has any effect. */
export class Life {
  readonly host: string;
  readonly stage: Stage;
  readonly world: World;
  readonly dice: Dice;
  ambush: Ambush | undefined;
  /** A link has been open in this life. */
  wasLinked = false;
  #alive = true;
  #frozen = false;
  readonly #held: (() => void)[] = [];
  readonly #onend: ((how: Ending) => void)[] = [];

  /** `clock` is the machine's. */
  constructor(stage: Stage, host: string, number: number, clock: World["clock"]) {
    this.stage = stage;
    this.host = host;
    this.dice = stage.dice(`life ${host} ${number}`);
    this.world = {
      clock,
      timers: { after: (ms, task) => stage.after(ms, () => this.run(task)) },
      random: this.dice,
      log: (level, message, fields) => this.#log(level, message, fields),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Called when the process ends, with what is left of it still in place. */
  onend(task: (how: Ending) => void): void {
    this.#onend.push(task);
  }

  /** Runs a piece of the process: at once, after its freeze, or never. */
  run(task: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) {
      this.#held.push(task);
      return;
    }
    try {
      task();
    } catch (error) {
      this.fail(error);
    }
  }

  /** What nobody in the process caught: the real one would end, too. */
  fail(error: unknown): void {
    if (!this.#alive) return;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.stage.violate("no unforeseen error", `${this.host}: ${detail}`);
    this.end("exited");
  }

  /** The process does something to the world; false where it is dead, or dies right here. */
  reach(point: FaultPoint): boolean {
    if (!this.#alive) return false;
    if (this.ambush?.point !== point) return true;
    this.ambush.times -= 1;
    if (this.ambush.times > 0) return true;
    this.stage.saw(`killed ${point}`);
    this.end("killed");
    return false;
  }

  end(how: Ending): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.stage.note(`${this.host} ${how}`);
    for (const task of this.#onend) task(how);
  }

  /** SIGSTOP: time and the network go on, and what they bring waits. */
  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    for (const task of this.#held.splice(0)) this.stage.after(0, () => this.run(task));
  }

  #log(level: Parameters<Log>[0], message: string, fields: Record<string, unknown> = {}): void {
    if (!this.#alive) return;
    this.stage.note(`${this.host} ${level}: ${message}`, JSON.stringify(fields));
    if (message === "link open") this.wasLinked = true;
    if (message === "update refused") this.stage.saw(`guard: ${String(fields["kind"])}`);
    if (message === "link closed" && String(fields["reason"]).startsWith("nothing heard"))
      this.stage.saw("half-open link closed by its heartbeat");
  }
}
