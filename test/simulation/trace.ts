/**
 * All that happened in a run, as 64 bits: two runs of a seed must agree on it. The text is kept only where somebody
 * wants to read it.
 */
export class Trace {
  readonly #print: ((line: string) => void) | undefined;
  #a = 0x811c9dc5;
  #b = 0x1b873593;
  events = 0;

  constructor(print?: (line: string) => void) {
    this.#print = print;
  }

  note(at: number, what: string, detail: string | number = ""): void {
    this.events += 1;
    this.#mix(at | 0);
    this.#mixText(what);
    if (typeof detail === "number") this.#mix(detail | 0);
    else this.#mixText(detail);
    this.#print?.(`${String(Math.round(at)).padStart(6)} ${what} ${detail}`);
  }

  /** A message's size and some of its bytes: enough to tell it from another. */
  noteBytes(at: number, what: string, bytes: Uint8Array | string): void {
    const step = 1 + (bytes.length >> 4);
    if (typeof bytes !== "string") for (let i = 0; i < bytes.length; i += step) this.#mix(bytes[i]!);
    this.note(at, what, bytes.length);
  }

  get hash(): string {
    return hex(this.#a) + hex(this.#b);
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul((this.#b ^ value) + 0x7f4a7c15, 0x85ebca6b) ^ (this.#b >>> 13);
  }

  #mixText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
