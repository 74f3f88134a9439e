import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { memberProgram, ROOT, type RuntimeName } from "../../../edge/cli/supervise/program.ts";

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

/** The command that runs a program of test/bench/programs. */
export function benchProgram(name: string, args: unknown, runtime: RuntimeName = "node"): Command {
  return [...runner(runtime), join(ROOT, `test/bench/programs/${name}.ts`), JSON.stringify(args)];
}

/** What users' members are run by: the same program with the same options, without the member. */
function runner(runtime: RuntimeName): Command {
  const { command, args } = memberProgram("", runtime);
  const file = args.findIndex((arg) => arg.endsWith(".ts"));
  return [command, ...args.slice(0, file)];
}

/** A child process that says what it found, or where it listens, in lines of JSON on its standard output. */
export class Program {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #name: string;
  readonly #exited: Promise<string>;

  constructor([command, ...args]: Command, stderr: "inherit" | "ignore" = "inherit") {
    this.#name = args.find((arg) => arg.endsWith(".ts")) ?? command;
    this.#child = spawn(command, args, { cwd: ROOT, stdio: ["pipe", "pipe", stderr] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.#exited = new Promise((resolve) =>
      this.#child.once("exit", (code, signal) => resolve(signal ?? String(code))),
    );
    this.#child.once("error", () => {});
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The next line of JSON, as `T`: both ends are ours. Rejects where the program ends before. */
  async next<T>(): Promise<T> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`running "${this.#name}": it ended (${await this.#exited}) before it had answered`);
      if (value.startsWith("{")) return JSON.parse(value) as T;
    }
  }

  tell(message: unknown): void {
    this.#child.stdin!.write(`${JSON.stringify(message)}\n`);
  }

  /** Asks the program to end, and makes it where it does not. */
  async stop(graceMs = 3000): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    this.#child.kill("SIGTERM");
    await this.#exited;
    clearTimeout(timer);
  }
}

/** Runs a program of test/bench/programs with Node to its end, and gives the one line that it prints. */
export async function runProgram<T>(name: string, args: unknown): Promise<T> {
  const program = new Program(benchProgram(name, args));
  try {
    return await program.next<T>();
  } finally {
    await program.stop();
  }
}

/** In a program: what it was asked for. */
export function programArgs<T>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}

/** In a program: what it found. */
export function tellParent(found: unknown): void {
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

/** In a program that serves until it is stopped: it does not outlive whoever started it. */
export function endWithParent(): void {
  process.stdin.on("end", () => process.exit(0)).resume();
}

/** In a program: what it is asked for while it runs, a line each, until the parent has gone. */
export async function* asked<T>(): AsyncGenerator<T> {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line) as T;
}
