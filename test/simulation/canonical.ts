import * as Y from "yjs";
import { deletionDigest } from "../../crdt/replicate/pieces.ts";

/** JSON that is equal where the values are, whatever the order of their keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner) && !(inner instanceof Uint8Array)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Everything that two replicas of a document must agree on: what was written, what was deleted, what is there now. */
export function contentOf(doc: Y.Doc, kind: "maps" | "arrays"): string {
  const vector = Y.decodeStateVector(Y.encodeStateVector(doc));
  const roots = [...doc.share.keys()].sort().map((name) => [name, rootOf(doc, name, kind)]);
  return canonical({ vector: Object.fromEntries(vector), deleted: [...deletionDigest(doc)], roots });
}

function rootOf(doc: Y.Doc, name: string, kind: "maps" | "arrays"): unknown {
  if (kind === "maps") return Object.fromEntries(doc.getMap(name).entries());
  return doc
    .getArray<Uint8Array>(name)
    .toArray()
    .map((bytes) => Buffer.from(bytes).toString("latin1"));
}

/** Items and tombstones that a document holds. */
export function structsOf(doc: Y.Doc): number {
  return [...doc.store.clients.values()].reduce((sum, structs) => sum + structs.length, 0);
}
