import { u16At } from "../signal/bytes.ts";

/** Bytes up to and with messageSize. */
const HEADER_BYTES = 4;
/** Below this a message cannot be: the header of a multiple operation message. */
const LEAST_BYTES = 12;

/** opIDs of messages are below the first and from the second on (table 8-1): those between are parts of messages. */
const FIRST_NO_MESSAGE = 0x0100;
const FIRST_OF_USERS = 0x8000;

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
      const [op, size] = [u16At(stream, at), u16At(stream, at + 2)];
      // What came by mistake would otherwise be waited for, by a size that is none.
      if (op >= FIRST_NO_MESSAGE && op < FIRST_OF_USERS)
        throw new Error(`reading SCTE 104: got opID 0x${op.toString(16)}, wanted one of a message`);
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
