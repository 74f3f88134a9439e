import type * as Y from "yjs";

/** JSON values by their key in a Yjs map, seldom written: what board and shop stand on. */
export class Values<Key extends string> {
  readonly #map: Y.Map<unknown>;

  constructor(map: Y.Map<unknown>) {
    this.#map = map;
  }

  /** The caller says what stands under a key: whoever let it into the document has looked at its shape. */
  get<T>(key: Key): T | undefined {
    return this.#map.get(key) as T | undefined;
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  /** Those whose key begins with `prefix`. */
  all<T>(prefix: string): [key: Key, value: T][] {
    return [...this.#map.entries()].filter(([key]) => key.startsWith(prefix)) as [Key, T][];
  }

  set(key: Key, value: unknown): void {
    this.#map.set(key, value);
  }

  /** Unless something stands there already: what must not be undone. */
  setOnce(key: Key, value: unknown): void {
    if (!this.#map.has(key)) this.#map.set(key, value);
  }

  remove(key: Key): void {
    if (this.#map.has(key)) this.#map.delete(key);
  }
}
