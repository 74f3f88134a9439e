// Imported before yjs, whose clientIDs come from `crypto.getRandomValues`, which it binds when it is loaded.
import { Dice } from "./dice.ts";

let dice = new Dice(0);

/** From now on every random value in this process follows from `seed`. */
export function seedCrypto(seed: number): void {
  dice = Dice.for(seed, "crypto");
}

Object.defineProperty(globalThis.crypto, "getRandomValues", {
  value: <T extends ArrayBufferView>(view: T): T => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    bytes.set(dice.bytes(bytes.length));
    return view;
  },
});
