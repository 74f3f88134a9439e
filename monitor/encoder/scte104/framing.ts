import { u16At } from "../signal/bytes.ts";

/** Bytes up to and with messageSize. */
const HEADER_BYTES = 4;
/** Below this a message cannot be: the header of a multiple operation message. */
const LEAST_BYTES = 12;

/** Cuts a TCP stream into SCTE 104 messages by their messageSize (SCTE 104, 8.2). */
export class MessageFraming {
  #gathered = new Uint8Array(0);

  /** Gives every whole message, in order. Throws where the stream can no longer be cut: it has to be closed. */
  push(chunk: Uint8Array): Uint8Array[] {
    const stream = new Uint8Array(this.#gathered.length + chunk.length);
    stream.set(this.#gathered);
    stream.set(chunk, this.#gathered.length);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (stream.length - at >= HEADER_BYTES) {
      const size = u16At(stream, at + 2);
      if (size < LEAST_BYTES)
        throw new Error(`reading SCTE 104: got a messageSize of ${size}, wanted at least ${LEAST_BYTES}`);
      if (stream.length - at < size) break;
      messages.push(stream.slice(at, at + size));
      at += size;
    }
    this.#gathered = stream.slice(at);
    return messages;
  }
}
