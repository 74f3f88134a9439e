import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { RECOVERED_AFTER_MS, restartDelay } from "./backoff.ts";
import type { Program } from "./program.ts";

/**
 * A child's life. `given up` is for one whose configuration is wrong: starting it again would change nothing.
 *
 *     running ── exits ──► waiting ── delay ──► running
 *        │  └── exit code 78 ──► given up
 *        └── stop() ──► stopping ── exits ──► stopped
 */
export type ChildState =
  | { readonly is: "running"; readonly process: ChildProcess; readonly since: number }
  | { readonly is: "waiting"; readonly cancel: () => void }
  | { readonly is: "given up"; readonly reason: string }
  | { readonly is: "stopping"; readonly process: ChildProcess }
  | { readonly is: "stopped" };

export interface ChildEvents {
  /** A line that the child printed. */
  readonly online: (line: string) => void;
  /** Something happened to the child, in words. */
  readonly onevent: (message: string) => void;
}

/** How long a child has to stop by itself, ms; it allows itself 10 s. */
export const STOP_TIMEOUT_MS = 12_000;
const EXIT_CONFIG = 78;

/** One member's process, started again when it falls. */
export class Child {
  readonly name: string;
  readonly program: Program;
  readonly #events: ChildEvents;
  #state: ChildState = { is: "stopped" };
  #falls = 0;

  constructor(name: string, program: Program, events: ChildEvents) {
    this.name = name;
    this.program = program;
    this.#events = events;
  }

  get state(): ChildState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#state.is === "running" ? this.#state.process.pid : undefined;
  }

  start(): void {
    if (this.#state.is === "waiting") this.#state.cancel();
    const { command, args, folder } = this.program;
    // In a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone. Standard input is the lifeline:
    // it ends with the supervisor, however that dies, and the child with it.
    const process = spawn(command, [...args, "--supervised"], {
      cwd: folder,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    process.stdin.on("error", () => {});
    this.#forward(process.stdout);
    this.#forward(process.stderr);
    process.once("error", (error) => this.#onexit(process, error.message, undefined));
    process.once("exit", (code, signal) => this.#onexit(process, signal ?? `exit code ${code}`, code ?? undefined));
    this.#state = { is: "running", process, since: Date.now() };
  }

  /** As by `kill -9`. False where it is not running. */
  kill(): boolean {
    return this.#state.is === "running" && this.#state.process.kill("SIGKILL");
  }

  /** Asks the child to stop, and ends it where it does not. Resolves once it is gone. */
  async stop(): Promise<void> {
    const state = this.#state;
    if (state.is === "waiting") state.cancel();
    if (state.is !== "running") {
      this.#state = { is: "stopped" };
      return;
    }
    const { process } = state;
    this.#state = { is: "stopping", process };
    const gone = new Promise((resolve) => process.once("close", resolve));
    process.kill("SIGTERM");
    const timer = setTimeout(() => process.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  }

  #forward(stream: Readable): void {
    createInterface({ input: stream })
      .on("error", () => {})
      .on("line", (line) => this.#events.online(line));
  }

  #onexit(process: ChildProcess, how: string, code: number | undefined): void {
    const state = this.#state;
    switch (state.is) {
      case "stopping":
        this.#state = { is: "stopped" };
        return;
      case "running":
        if (state.process === process) this.#fall(how, code, Date.now() - state.since);
        return;
      case "waiting":
      case "given up":
      case "stopped":
        return;
    }
  }

  #fall(how: string, code: number | undefined, lived: number): void {
    if (code === EXIT_CONFIG) {
      this.#state = { is: "given up", reason: "its configuration is wrong" };
      this.#events.onevent("its configuration is wrong: not started again");
      return;
    }
    this.#falls = lived >= RECOVERED_AFTER_MS ? 1 : this.#falls + 1;
    const delay = restartDelay(this.#falls, Math.random());
    const timer = setTimeout(() => this.start(), delay);
    this.#state = { is: "waiting", cancel: () => clearTimeout(timer) };
    this.#events.onevent(`ended (${how}), starts again in ${delay} ms`);
  }
}
