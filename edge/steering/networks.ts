import { bitAt, type AddressBytes, type Network } from "./address.ts";

/** What is known of an address. */
export interface Found<T> {
  /** Of the longest network that holds the address. */
  readonly value: T | undefined;
  /** Every address that shares so many bits has the same value: the scope of a client subnet (RFC 7871). */
  readonly bits: number;
}

interface Node<T> {
  readonly children: [Node<T> | undefined, Node<T> | undefined];
  value: T | undefined;
}

/** Values by network, the longest one first: a binary trie, one for each family. */
export class Networks<T> {
  readonly #roots = new Map<number, Node<T>>();

  constructor(entries: Iterable<readonly [Network, T]>) {
    for (const [network, value] of entries) this.#nodeFor(network).value = value;
  }

  find(address: AddressBytes): Found<T> {
    let node = this.#roots.get(address.length);
    let value = node?.value;
    let bits = 0;
    while (node && bits < address.length * 8) {
      if (!node.children[0] && !node.children[1]) return { value, bits };
      node = node.children[bitAt(address, bits)];
      bits += 1;
      value = node?.value ?? value;
    }
    return { value, bits };
  }

  #nodeFor({ address, bits }: Network): Node<T> {
    let node = this.#roots.get(address.length) ?? newNode<T>();
    this.#roots.set(address.length, node);
    for (let i = 0; i < bits; i++) node = node.children[bitAt(address, i)] ??= newNode<T>();
    return node;
  }
}

function newNode<T>(): Node<T> {
  return { children: [undefined, undefined], value: undefined };
}
