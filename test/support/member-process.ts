// One member's process as a test has it in hand: started, killed, stopped and started again, its log read.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { entryProgram, memberProgram, type RuntimeName } from "../../edge/cli/supervise/program.ts";
import { parseLine, type LogLine } from "../../edge/runtime/host/log.ts";

/** How a process ended: its exit code, or the signal. */
export type Ending = number | NodeJS.Signals;

const living = new Set<ChildProcess>();
process.once("exit", () => living.forEach((child) => child.kill("SIGKILL")));

export class MemberProcess {
  readonly name: string;
  readonly config: string;
  /** What it printed, over all its lives. */
  readonly output: string[] = [];
  readonly #runtime: RuntimeName;
  readonly #entry: string | undefined;
  #child: ChildProcess | undefined;
  #ended: Promise<Ending> | undefined;

  /** `entry`: a module of its own that runs it. */
  constructor(name: string, config: string, runtime: RuntimeName, entry?: string) {
    this.name = name;
    this.config = config;
    this.#runtime = runtime;
    this.#entry = entry;
  }

  /** `env` is added to this process's own. */
  start(env: Readonly<Record<string, string>> = {}): void {
    if (this.isRunning) throw new Error(`starting "${this.name}": it runs already`);
    // Supervised: it ends with this process, however that dies.
    const options = ["--supervised"];
    const { command, args, folder } = this.#entry
      ? entryProgram(this.#entry, this.config, this.#runtime, options)
      : memberProgram(this.config, this.#runtime, options);
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => {});
    for (const stream of [child.stdout, child.stderr]) this.#listen(stream);
    living.add(child);
    this.#child = child;
    this.#ended = once(child, "close").then(([code, signal]) => {
      living.delete(child);
      return (code ?? signal) as Ending;
    });
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`asking for the process of "${this.name}": it was never started`);
    return pid;
  }

  /** Resolves when the process has ended, however it does. */
  get ended(): Promise<Ending> {
    if (!this.#ended) throw new Error(`waiting for the end of "${this.name}": it was never started`);
    return this.#ended;
  }

  /** As by `kill -9`. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child!.kill("SIGKILL");
    await this.#ended;
  }

  /** Asks it to stop, and waits until it has. */
  stop(): Promise<Ending> {
    if (this.isRunning) this.#child!.kill("SIGTERM");
    return this.ended;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Lines of its log with this message. */
  logged(message: string): LogLine[] {
    return this.output.flatMap((line) => parseLine(line) ?? []).filter((line) => line.message === message);
  }

  #listen(stream: NodeJS.ReadableStream): void {
    let rest = "";
    stream.on("data", (part: Buffer) => {
      const lines = (rest + part.toString("utf8")).split("\n");
      rest = lines.pop()!;
      this.output.push(...lines);
    });
    stream.on("end", () => rest && this.output.push(rest));
  }
}
