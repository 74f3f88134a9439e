import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { decodePayload, type Payload } from "../../../monitor/encoder/payload.ts";

/** The text of an ID3 frame. */
export interface ReadFrame {
  readonly text: string;
  /** When it was read, milliseconds since 1970. */
  readonly at: number;
}

/** A cue as a receiver has read it. */
export interface ReadCue {
  readonly payload: Payload;
  readonly at: number;
}

/** Reads the cues of an encoder's transport stream. */
export class SignalReader {
  readonly cues: ReadCue[] = [];
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", ({ text, at }: ReadFrame) => {
      const payload = payloadOf(text);
      if (payload) this.cues.push({ payload, at });
    });
  }

  /** Resolves once it listens on the UDP port. */
  static listen(port: number): Promise<SignalReader> {
    const worker = new Worker(join(import.meta.dirname, "listen.ts"), { workerData: port });
    return new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", () => resolve(new SignalReader(worker)));
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A cue's payload as text; undefined where it is none of ours. */
export function payloadOf(text: string): Payload | undefined {
  return decodePayload(new TextEncoder().encode(text));
}
