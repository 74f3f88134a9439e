/** Big-endian fields one after the other: how every table and message of the signal is written. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value);
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value);
  }

  bytes(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  ascii(text: string): this {
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i));
    return this;
  }

  done(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

export function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function u32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** One length and its bytes, as descriptors have it: tag, length, body (ISO/IEC 13818-1, 2.6). */
export function descriptor(tag: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  if (body.length > 0xff)
    throw new Error(`writing descriptor 0x${tag.toString(16)}: got ${body.length} bytes, wanted at most 255`);
  return new ByteWriter().u8(tag).u8(body.length).bytes(body).done();
}
