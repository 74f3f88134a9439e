import { setTimeout as sleep } from "node:timers/promises";
import { askHealth, askStatus, isWhole, type NetworkStatus } from "./status.ts";
import type { NetworkFolder } from "../network/folder.ts";
import { Child } from "./child.ts";
import { entryProgram, memberProgram, type Program, type RuntimeName } from "./program.ts";

export interface NetworkEvents {
  /** A line that a member printed. */
  readonly online: (name: string, line: string) => void;
  /** Something happened to a member's process, in words. */
  readonly onevent: (name: string, message: string) => void;
}

/** How often a network that comes up is asked, ms. */
const ASK_INTERVAL_MS = 100;

/** All members of a network's folder as children of this process. */
export class RunningNetwork {
  readonly folder: NetworkFolder;
  readonly runtime: RuntimeName;
  readonly #children: ReadonlyMap<string, Child>;

  constructor(folder: NetworkFolder, wish: RuntimeName | undefined, events: NetworkEvents) {
    this.folder = folder;
    const members = [...folder.edges, ...folder.processes].map(({ name, config }) => ({
      name,
      program: memberProgram(config, wish),
    }));
    const others = folder.programs.map(({ name, entry, runtime, config }) => ({
      name,
      program: entryProgram(entry, config, runtime ?? wish),
    }));
    const children = [...members, ...others].map(({ name, program }) => childOf(name, program, events));
    this.#children = new Map(children.map((child) => [child.name, child]));
    this.runtime = children[0]!.program.runtime;
  }

  get names(): readonly string[] {
    return [...this.#children.keys()];
  }

  start(): void {
    for (const child of this.#children.values()) child.start();
  }

  /** Ends a member as by `kill -9`; its supervisor starts it again. Undefined where it is unknown or not running. */
  kill(name: string): number | undefined {
    const child = this.#children.get(name);
    const pid = child?.pid;
    return child?.kill() ? pid : undefined;
  }

  /** The process of a member that runs. */
  pid(name: string): number | undefined {
    return this.#children.get(name)?.pid;
  }

  /** Stops one member for good. */
  async stopOne(name: string): Promise<void> {
    await this.#children.get(name)?.stop();
  }

  /** Starts a member that was stopped. */
  startOne(name: string): void {
    this.#children.get(name)?.start();
  }

  /** Edges first: what they push while they drain still reaches the processes, and what these send the programs. */
  async stop(): Promise<void> {
    for (const members of [this.folder.edges, this.folder.processes, this.folder.programs])
      await Promise.all(members.map(({ name }) => this.stopOne(name)));
  }

  /** Members whose configuration is wrong. */
  givenUp(): string[] {
    return [...this.#children.values()].filter((child) => child.state.is === "given up").map((child) => child.name);
  }

  status(): Promise<NetworkStatus> {
    const others = [...this.folder.processes, ...this.folder.programs].map(({ name, status }) => ({
      name,
      status,
      runs: this.#children.get(name)?.state.is === "running",
    }));
    return askStatus(this.folder.edges, others);
  }

  /** Resolves with true once everyone is live and linked; with false after `timeoutMs`, or where a member gave up. */
  async whenWhole(timeoutMs: number): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (!isWhole(await this.status())) {
      if (Date.now() > deadline || this.givenUp().length > 0) return false;
      await sleep(ASK_INTERVAL_MS);
    }
    return true;
  }

  /** Resolves with true once an edge runs in another process than `pid` and is live; with false after `timeoutMs`. */
  async whenBack(name: string, pid: number, timeoutMs: number): Promise<boolean> {
    const child = this.#children.get(name);
    const edge = this.folder.edges.find((each) => each.name === name);
    const deadline = Date.now() + timeoutMs;
    while (!(child?.pid !== undefined && child.pid !== pid && edge && (await askHealth(edge.address))?.ready)) {
      if (Date.now() > deadline) return false;
      await sleep(ASK_INTERVAL_MS);
    }
    return true;
  }
}

function childOf(name: string, program: Program, events: NetworkEvents): Child {
  return new Child(name, program, {
    online: (line) => events.online(name, line),
    onevent: (message) => events.onevent(name, message),
  });
}
