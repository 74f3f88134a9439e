import * as Y from "yjs";
import { chainId, headerOf } from "./batch.ts";
import type { Watermark } from "./coverage.ts";

export interface AddedBatch {
  readonly client: number;
  readonly bytes: Uint8Array;
}

/**
 * The ledger of one shard: one `Y.Array` an edge and boot, named `edge/boot`, appended to by that boot only. An item is
 * a batch's bytes. A boot's array may also hold batches of its edge's earlier boots, appended again after a restart.
 */
export class Ledger {
  readonly doc: Y.Doc;

  constructor(doc: Y.Doc) {
    this.doc = doc;
  }

  /** Appends batches to this boot's own array, in one transaction. */
  append(edge: string, boot: string, batches: readonly Uint8Array[]): void {
    const array = this.doc.getArray<Uint8Array>(`${edge}/${boot}`);
    array.push([...batches]);
  }

  /** Every batch in the document, array by array. */
  *batches(): Generator<Uint8Array> {
    for (const array of this.#arrays()) yield* array.toArray();
  }

  /** Batches that a transaction brought, of whatever origin, each with the Yjs client that wrote it. */
  static added(transaction: Y.Transaction): AddedBatch[] {
    const added: AddedBatch[] = [];
    for (const [client, clock] of transaction.afterState) {
      const before = transaction.beforeState.get(client) ?? 0;
      if (clock === before) continue;
      const structs = transaction.doc.store.clients.get(client)!;
      for (let i = Y.findIndexSS(structs, before); i < structs.length; i++) {
        const struct = structs[i];
        if (struct instanceof Y.Item && struct.content instanceof Y.ContentBinary)
          added.push({ client, bytes: struct.content.content });
      }
    }
    return added;
  }

  /**
   * The Yjs clock below which each client's items are all at or under `pruned`: what may be deleted, and what the guard
   * of others needs to know. Items are judged by the identity of the batch in them, never by their place.
   */
  deletable(pruned: Watermark): Record<string, number> {
    const clocks: Record<string, number> = {};
    for (const array of this.#arrays()) {
      for (const item of leadingPruned(array, pruned)) clocks[item.id.client] = item.id.clock + item.length;
    }
    return clocks;
  }

  /** Deletes every batch at or under `pruned`. Only the recorder calls this. Returns how many went. */
  prune(pruned: Watermark): number {
    let count = 0;
    this.doc.transact(() => {
      for (const array of this.#arrays()) {
        let going = 0;
        for (const item of leadingPruned(array, pruned)) if (!item.deleted) going += item.length;
        if (going > 0) array.delete(0, going);
        count += going;
      }
    });
    return count;
  }

  #arrays(): Y.Array<Uint8Array>[] {
    return [...this.doc.share.keys()].map((name) => this.doc.getArray<Uint8Array>(name));
  }
}

/** The items at an array's beginning that are deleted, or may be. */
function* leadingPruned(array: Y.Array<Uint8Array>, pruned: Watermark): Generator<Y.Item> {
  for (let item = array._start; item !== null && (item.deleted || isWithin(item, pruned)); item = item.right)
    yield item;
}

function isWithin(item: Y.Item, pruned: Watermark): boolean {
  return (item.content.getContent() as Uint8Array[]).every((bytes) => isPruned(bytes, pruned));
}

/** Whether a batch is at or under `pruned`. What cannot be read is recorded nowhere, and stays. */
export function isPruned(bytes: Uint8Array, pruned: Watermark): boolean {
  const header = headerOf(bytes);
  return header !== undefined && header.sequence <= (pruned[chainId(header)] ?? 0);
}
