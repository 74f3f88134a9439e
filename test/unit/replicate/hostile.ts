// The messages that were measured to hurt Yjs, each built again, and what each does where nobody judges it.
import { expect } from "vitest";
import * as Y from "yjs";
import { MAX_CLOCK } from "../../../crdt/replicate/runs.ts";
import { contentOf, type Kind, type Node } from "./network.ts";
import { rawUpdate } from "./raw-update.ts";
import { block, FRA, item, JSON_ONE, onBoard, stateOf, STRANGER, SYD } from "./scene.ts";

export interface Hostile {
  readonly name: string;
  readonly kind: Kind;
  readonly update: (nodes: readonly [Node, Node, Node]) => Uint8Array;
  readonly verdict: "gap" | "hostile";
  readonly reason: RegExp;
  /** Whether the update does harm where nobody judges it; left out where the harm is time or memory. */
  readonly harms?: (doc: Y.Doc, update: Uint8Array, nodes: readonly [Node, Node, Node]) => boolean;
}

function isLoadable(doc: Y.Doc): boolean {
  try {
    Y.applyUpdate(new Y.Doc(), Y.encodeStateAsUpdate(doc));
    return true;
  } catch {
    return false;
  }
}

const pends = (doc: Y.Doc, update: Uint8Array): boolean => {
  Y.applyUpdate(doc, update);
  return doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
};

/** The messages that were measured to hurt Yjs (shared/facts/yjs.md), each built again. */
export const FIFTEEN: Hostile[] = [
  {
    name: "1. seven bytes that claim 33 million structs (269 MB, 236 ms)",
    kind: "board",
    update: () => rawUpdate([{ ...block(7, 0), count: 2 ** 25 }]).subarray(0, 7),
    verdict: "hostile",
    reason: /7 bytes are no update/,
  },
  {
    name: "2. a collected struct of length zero (no snapshot loads from then on)",
    kind: "board",
    update: (nodes) => rawUpdate([block(FRA, stateOf(nodes[1], "board", FRA), { kind: "gc", length: 0 })]),
    verdict: "hostile",
    reason: /nothing that a replica writes/,
    harms: (doc, update) => {
      Y.applyUpdate(doc, update);
      return !isLoadable(doc);
    },
  },
  {
    name: "3. deletions over a client's future",
    kind: "tallies",
    update: () => rawUpdate([], [{ client: FRA, ranges: [[2, 2 ** 30]] }]),
    verdict: "gap",
    reason: /is deleted up to 1073741826, and known up to 2/,
    harms: pends,
  },
  {
    name: "4. a collected struct that swallows a client's future",
    kind: "tallies",
    update: () => rawUpdate([block(FRA, 2, { kind: "gc", length: 2 ** 28 })]),
    verdict: "hostile",
    reason: /nothing that a replica writes/,
    harms: (doc, update, [fra]) => {
      Y.applyUpdate(doc, update);
      fra.setRegister(77);
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(fra.docs.tallies));
      return JSON.stringify(contentOf(doc, "tallies")).includes('"present":77') === false;
    },
  },
  {
    name: "5. messages with a gap, which Yjs merges anew with each (55 kB: 27 s)",
    kind: "board",
    update: () => rawUpdate([block(FRA, 1000, onBoard("a"))]),
    verdict: "gap",
    reason: /client 500 goes on at 1000, we hold up to/,
    harms: pends,
  },
  {
    name: "6. deletions in reverse order (392 kB: 47 s)",
    kind: "ledger",
    update: () => {
      const ranges = Array.from({ length: 60_000 }, (_, i) => [2 * (60_000 - i), 1] as const);
      return rawUpdate([], [{ client: FRA, ranges }]);
    },
    verdict: "gap",
    reason: /is deleted up to 120001, and known up to 4/,
  },
  {
    name: "7. types nested 6,000 deep",
    kind: "board",
    update: () => {
      const inner = Array.from({ length: 6000 }, (_, i) =>
        item({ kind: "type", ref: 0 }, { parent: { client: SYD, clock: 1 + i } }),
      );
      return rawUpdate([block(SYD, 1, item({ kind: "type", ref: 0 }, { parent: "board", key: "a" }), ...inner)]);
    },
    verdict: "hostile",
    reason: /nothing that a replica writes/,
  },
  {
    name: "8. the bomb in Yjs's second encoding (20 bytes: 6 s, 1.3 GB)",
    kind: "board",
    update: bombOfSecondEncoding,
    verdict: "hostile",
    reason: /20 bytes are no update/,
  },
  {
    name: "9. an update beyond the limit of a frame",
    kind: "board",
    update: () => new Uint8Array(1_048_576),
    verdict: "hostile",
    reason: /has 1048576 bytes, the limit is 1048448/,
  },
  {
    name: "10. a client that nobody introduced",
    kind: "board",
    update: () => rawUpdate([block(STRANGER, 0, onBoard("a"))]),
    verdict: "gap",
    reason: /nobody has introduced client 12345/,
    harms: (doc, update) => {
      Y.applyUpdate(doc, update);
      return doc.store.clients.has(STRANGER);
    },
  },
  {
    name: "11. another root",
    kind: "board",
    update: () => rawUpdate([block(SYD, 1, item(JSON_ONE, { parent: "elsewhere", key: "a" }))]),
    verdict: "hostile",
    reason: /is in no map of this document/,
    harms: (doc, update) => {
      Y.applyUpdate(doc, update);
      return doc.share.has("elsewhere");
    },
  },
  {
    name: "12. content that no replica writes: a document within the document",
    kind: "board",
    update: () => rawUpdate([block(SYD, 1, onBoard("a", { kind: "doc", guid: "x" }))]),
    verdict: "hostile",
    reason: /nothing that a replica writes/,
    harms: (doc, update) => {
      Y.applyUpdate(doc, update);
      return doc.subdocs.size > 0;
    },
  },
  {
    name: "13. clocks of 2³¹ and more",
    kind: "tallies",
    update: () =>
      rawUpdate([
        block(FRA, 2, item({ kind: "deleted", length: MAX_CLOCK - 2 }, { origin: { client: FRA, clock: 1 } })),
      ]),
    verdict: "hostile",
    reason: /client 500 ends at 2147483648/,
  },
  {
    name: "14. what comes after a lost update, which blocks its client in silence",
    kind: "ledger",
    update: ([fra]) => {
      fra.written.length = 0;
      fra.append();
      fra.append();
      return fra.written[1]!.update;
    },
    verdict: "gap",
    reason: /client 500 goes on at 5, we hold up to 4/,
    harms: pends,
  },
  {
    name: "15. a known peer that deletes everything: the board",
    kind: "board",
    update: (nodes) => deleteAll(nodes[1], "board"),
    verdict: "gap",
    reason: /is the value of "board\//,
    harms: isEmptied("board"),
  },
  {
    name: "15. a known peer that deletes everything: the tallies",
    kind: "tallies",
    update: (nodes) => deleteAll(nodes[1], "tallies"),
    verdict: "gap",
    reason: /is the value of "registers\//,
    harms: isEmptied("tallies"),
  },
  {
    name: "15. a known peer that deletes everything: a ledger",
    kind: "ledger",
    update: (nodes) => deleteAll(nodes[1], "ledger"),
    verdict: "gap",
    reason: /is deleted up to 4, and not known to be recorded/,
    harms: isEmptied("ledger"),
  },
];

function isEmptied(kind: Kind): NonNullable<Hostile["harms"]> {
  return (doc, update) => {
    const before = contentOf(doc, kind);
    Y.applyUpdate(doc, update);
    return Object.keys(before).length > 0 && Object.keys(contentOf(doc, kind)).length === 0;
  };
}

function deleteAll(node: Node, kind: Kind): Uint8Array {
  const clients = [...node.docs[kind].store.clients.keys()];
  return rawUpdate(
    [],
    clients.map((client) => ({ client, ranges: [[0, stateOf(node, kind, client)]] })),
  );
}

/** A column that has ended gives the same value for ever: so a count of structs is all that has to be said. */
function bombOfSecondEncoding(): Uint8Array {
  const [none, zero] = [[0], [1, 0]] as const;
  // Key clocks, clients, left and right clocks, kinds of struct (collected), strings, parents, types, lengths.
  const columns = [none, [1, 7], none, none, zero, zero, none, none, none].flat();
  const bombOf = (...count: number[]) => Uint8Array.from([0, ...columns, 1, ...count, 0, 0]);
  // With a count that this machine bears, Yjs does as it is told.
  expect(Y.decodeUpdateV2(bombOf(0x80, 0x08)).structs).toHaveLength(1024);
  return bombOf(0x80, 0x80, 0x80, 0x10);
}
