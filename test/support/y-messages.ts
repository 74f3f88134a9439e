// Messages of the y-websocket protocol, as an edge sends them.
import * as encoding from "lib0/encoding";
import { writeSyncStep2, writeUpdate } from "y-protocols/sync";
import type * as Y from "yjs";

const MESSAGE_SYNC = 0;

function message(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE_SYNC);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

export const syncMessages = {
  /** The whole document, as the answer to a client that has nothing. */
  whole: (doc: Y.Doc): Uint8Array => message((encoder) => writeSyncStep2(encoder, doc)),
  update: (update: Uint8Array): Uint8Array => message((encoder) => writeUpdate(encoder, update)),
};
