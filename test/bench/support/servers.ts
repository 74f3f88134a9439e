import { randomBytes } from "node:crypto";
import type { RuntimeName } from "../../../edge/cli/supervise/program.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import { cpuOf } from "./cpu.ts";
import { Members } from "./members.ts";
import { benchProgram, Program } from "./program.ts";

/** A server under load, whose CPU is what is measured. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** The secret by which it knows its receivers' tokens, hexadecimal. */
  readonly secret: string;
  /** CPU time of the process that answers, µs. */
  cpu(): number;
  /** CPU time of everything behind it too. */
  cpuOfAll(): number;
  /** Writes of its log so far; 0 where it has none. */
  flushes(): Promise<number>;
  stop(): Promise<void>;
}

/** The least that could answer. */
export async function bareServer(runtime: RuntimeName): Promise<Server> {
  const secret = bytesToHex(randomBytes(32));
  const program = new Program(benchProgram(`bare-${runtime}`, { secret }, runtime));
  const { port } = await program.next<{ port: number }>();
  const cpu = () => cpuOf(program.pid);
  return {
    host: "127.0.0.1",
    port,
    secret,
    cpu,
    cpuOfAll: cpu,
    flushes: () => Promise.resolve(0),
    stop: () => program.stop(),
  };
}

/** The first of some edges, as users start them, with the show's poll open. */
export async function edgeServer(runtime: RuntimeName, names: readonly string[], recorder: boolean): Promise<Server> {
  const members = await Members.plan({ edges: names, recorder });
  try {
    await members.start(runtime);
    await members.openShow();
  } catch (error) {
    await members.stop();
    throw error;
  }
  const { name, host, port, pid } = members.edges[0]!;
  return {
    host,
    port,
    secret: bytesToHex(members.folder.secret()),
    cpu: () => cpuOf(pid),
    cpuOfAll: () => members.cpu(),
    flushes: async () => (await members.metrics([name]))["flushes_total"] ?? 0,
    stop: () => members.stop(),
  };
}
