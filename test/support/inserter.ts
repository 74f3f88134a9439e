import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Indication } from "../../monitor/encoder/indication.ts";
import { Inserter, type InserterOptions } from "../../monitor/encoder/stream/inserter.ts";
import { LoopedStream } from "../../monitor/encoder/stream/looped-stream.ts";

export const PACKET_BYTES = 188;

/** The demo's picture: 8 s, 4,000 packets. */
export const PICTURE_FILE = join(import.meta.dirname, "../../monitor/encoder/sample/picture.mpegts");
export const picture = (): Uint8Array => new Uint8Array(readFileSync(PICTURE_FILE));

export const PIDS = { scte35: 0x1f0, streamEvent: 0x1f1, id3: 0x1f2, ait: 0x1f3 };

export const OPTIONS: InserterOptions = {
  mode: "borrow",
  pids: PIDS,
  componentTag: 0x40,
  streamEventId: 1,
  formatIdentifier: "RBTN",
  application: {
    organisation: 0x0a,
    id: 1,
    name: "Redbutton",
    base: "http://example.com/tv/",
    path: "index.html?show=talent-final",
  },
};

/** An inserter whose output is gathered. */
export class Rig {
  readonly inserter: Inserter;
  readonly messages: string[] = [];
  readonly placed: { readonly indication: Indication; readonly pts: number }[] = [];
  readonly #out: Uint8Array[] = [];

  constructor(options: Partial<InserterOptions> = {}) {
    const out = (bytes: Uint8Array, from: number, to: number) => this.#out.push(bytes.slice(from, to));
    this.inserter = new Inserter({ ...OPTIONS, ...options }, out, {
      onevent: (level, message) => this.messages.push(`${level}: ${message}`),
      onplaced: (indication, pts) => this.placed.push({ indication, pts }),
    });
  }

  /** Lets bytes through, a copy of them, in pieces of `packets`. */
  feed(bytes: Uint8Array, packets = 7): void {
    const copy = bytes.slice();
    for (let at = 0; at < copy.length; at += packets * PACKET_BYTES)
      this.inserter.push(copy, at, Math.min(copy.length, at + packets * PACKET_BYTES));
  }

  output(): Uint8Array {
    return concatenated(this.#out);
  }
}

/** `count` packets of the looped picture. */
export function looped(count: number, startTicks = 0): Uint8Array {
  const stream = new LoopedStream(picture(), startTicks);
  const bytes = new Uint8Array(count * PACKET_BYTES);
  stream.read(bytes, 0, count);
  return bytes;
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
