// Edges with a recorder, and a program an edge that presses there.
import { bytesToHex } from "@noble/hashes/utils.js";
import type { PressJob } from "../programs/press.ts";
import type { Pressed } from "./books.ts";
import { Members } from "./members.ts";
import { benchProgram, Program } from "./program.ts";

export class PressedNetwork {
  readonly members: Members;
  readonly #load: readonly Program[];
  /** Receivers that have pressed so far, each once. */
  receivers = 0;

  /** The show's poll is open when this resolves. */
  static async start(edges: readonly string[]): Promise<PressedNetwork> {
    const members = await Members.plan({ edges, recorder: true });
    const network = new PressedNetwork(members, edges.length);
    try {
      await members.start("deno");
      await members.openShow();
      return network;
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  private constructor(members: Members, edges: number) {
    this.members = members;
    this.#load = Array.from({ length: edges }, () => new Program(benchProgram("press", {})));
  }

  /** So many new receivers press at each edge; resolves once all have their receipts. */
  press(presses: number, pace: PressJob["pace"]): Promise<Pressed[]> {
    const secret = bytesToHex(this.members.folder.secret());
    for (const [i, { host, port }] of this.members.edges.entries()) {
      this.#load[i]!.tell({ host, port, secret, firstReceiver: this.receivers, presses, pace } satisfies PressJob);
      this.receivers += presses;
    }
    return Promise.all(this.#load.map((program) => program.next<Pressed>()));
  }

  async stop(): Promise<void> {
    await Promise.all([this.members.stop(), ...this.#load.map((program) => program.stop())]);
  }
}
