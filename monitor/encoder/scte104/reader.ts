import { u16At, u32At } from "../signal/bytes.ts";

/** Result codes (table 14-1). */
export const RESULT = {
  successful: 100,
  inUse: 110,
  invalidSize: 114,
  invalidSyntax: 115,
  invalidVersion: 116,
  failed: 120,
  rejected: 121,
  tooLate: 122,
  timeTypeUnsupported: 123,
  unknownOperation: 125,
  unknownPid: 126,
  /** In requests: there is no result yet. */
  none: 0xffff,
} as const;

/** Why bytes are no message: `result` is what the other end is told. */
export class MessageError extends Error {
  override readonly name = "MessageError";
  readonly result: number;

  constructor(message: string, result: number) {
    super(message);
    this.result = result;
  }
}

/** Reads fields one after the other, and never past the end. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  u8(): number {
    return this.bytes(1)[0]!;
  }

  u16(): number {
    return u16At(this.bytes(2), 0);
  }

  u32(): number {
    return u32At(this.bytes(4), 0);
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(this.#at, this.#at + length);
    if (taken.length < length)
      throw wrongSize(`it ends at byte ${this.#bytes.length}, wanted ${length} more from byte ${this.#at} on`);
    this.#at += length;
    return taken;
  }

  end(): void {
    if (this.#at < this.#bytes.length)
      throw wrongSize(`got ${this.#bytes.length - this.#at} bytes more than its operations have`);
  }
}

export function wrongSize(problem: string): MessageError {
  return new MessageError(`reading a SCTE 104 message: ${problem}`, RESULT.invalidSize);
}
