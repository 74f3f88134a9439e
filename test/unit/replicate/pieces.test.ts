import { describe, expect, test, vi } from "vitest";
import * as Y from "yjs";
import { MAX_STRUCTS } from "../../../crdt/replicate/runs.ts";
import { deletionDigest, pieces } from "../../../crdt/replicate/pieces.ts";
import { SeededRandom } from "../../support/virtual-world.ts";
import { actAtRandom, contentOf, expectConverged, KINDS, makeNodes, type Node } from "./network.ts";

const NOTHING = Uint8Array.of(0);
const ROOMY = 1_000_000;

/** Nodes that acted and heard of each other at random, in order but not of everything. */
function lived(seed: number, steps: number): Node[] {
  const random = new SeededRandom(seed);
  const nodes = makeNodes(4);
  for (let i = 0; i < steps; i++) {
    const node = nodes[random.below(nodes.length)]!;
    actAtRandom(node, nodes, random);
    if (random.below(4) === 0) nodes[random.below(nodes.length)]!.pull(node, 30 + random.below(2000));
  }
  return nodes;
}

describe("pieces", () => {
  test("of one piece say what Yjs says", () => {
    for (let seed = 0; seed < 20; seed++) {
      const [a, b] = lived(seed, 60) as [Node, Node];
      for (const kind of KINDS) {
        const vector = Y.encodeStateVector(b.docs[kind]);
        const [piece, ...rest] = pieces(a.docs[kind], vector, ROOMY);
        expect(rest).toEqual([]);
        const ours = Y.decodeUpdate(piece!);
        const theirs = Y.decodeUpdate(Y.encodeStateAsUpdate(a.docs[kind], vector));
        const sorted = (structs: typeof ours.structs) =>
          structs.map(({ id, length }) => [id.client, id.clock, length]).sort((x, y) => x[0]! - y[0]! || x[1]! - y[1]!);
        expect(sorted(ours.structs)).toEqual(sorted(theirs.structs));
        expect(ours.ds.clients).toEqual(theirs.ds.clients);
      }
    }
  });

  test("of any size are let in one by one, and make the receiver equal", () => {
    for (let seed = 0; seed < 60; seed++) {
      const nodes = lived(seed, 80);
      for (const limit of [1, 64, 300, ROOMY]) {
        for (const node of nodes) for (const other of nodes) if (node !== other) node.pull(other, limit);
        expectConverged(nodes);
      }
    }
  });

  test("keep to the limit, but for a struct that is larger", () => {
    const [node] = lived(5, 400) as [Node];
    for (const kind of KINDS)
      for (const limit of [100, 500, 5000])
        for (const piece of pieces(node.docs[kind], NOTHING, limit))
          if (piece.length > limit) expect(Y.decodeUpdate(piece).structs).toHaveLength(1);
    const doc = new Y.Doc();
    doc.getArray("fra/b").push([new Uint8Array(10), new Uint8Array(1000), new Uint8Array(10)]);
    expect([...pieces(doc, NOTHING, 200)].map(({ length }) => length > 200)).toEqual([false, true, false]);
  });

  test("have no more structs than the guard lets in", () => {
    const doc = new Y.Doc();
    doc.getArray("fra/b").push(Array.from({ length: MAX_STRUCTS + 1 }, () => new Uint8Array(1)));
    const counts = [...pieces(doc, NOTHING, ROOMY)].map((piece) => Y.decodeUpdate(piece).structs.length);
    expect(counts).toEqual([MAX_STRUCTS, 1]);
  });

  test("are made one by one, as they are asked for", () => {
    const doc = new Y.Doc();
    doc.getArray("fra/b").push(Array.from({ length: 1000 }, () => new Uint8Array(100)));
    const write = vi.spyOn(Y.ContentBinary.prototype, "write");
    const cut = pieces(doc, NOTHING, 1000);
    cut.next();
    expect(write.mock.calls.length).toBeLessThan(20);
    expect([...cut].length).toBeGreaterThan(100);
    write.mockRestore();
  });

  test("begin inside a tombstone where the receiver holds a part of it", () => {
    const doc = new Y.Doc();
    const array = doc.getArray("fra/b");
    array.push([1, 2, 3, 4, 5, 6].map((byte) => Uint8Array.of(byte)));
    const other = new Y.Doc();
    array.delete(0, 5);
    Y.applyUpdate(other, [...pieces(doc, NOTHING, ROOMY)][0]!);
    array.push([Uint8Array.of(7)]);
    array.delete(0, 1);
    const vector = new Map([[doc.clientID, 3]]);
    const [piece] = pieces(doc, Y.encodeStateVector(vector as never), ROOMY);
    expect(Y.decodeUpdate(piece!).structs[0]!.id.clock).toBe(3);
    Y.applyUpdate(other, piece!);
    expect(contentOf(other, "ledger")).toEqual(contentOf(doc, "ledger"));
  });

  test("are one empty update where there is nothing to say", () => {
    expect([...pieces(new Y.Doc(), NOTHING, ROOMY)]).toEqual([Uint8Array.of(0, 0)]);
  });

  test("answer a vector that claims more than there is", () => {
    const doc = new Y.Doc();
    doc.getMap("board").set("a", 1);
    const vector = Y.encodeStateVector(
      new Map([
        [doc.clientID, 99],
        [3, 2 ** 31],
      ]) as never,
    );
    expect([...pieces(doc, vector, ROOMY)]).toEqual([Uint8Array.of(0, 0)]);
  });

  test("split deletions as well", () => {
    const doc = new Y.Doc();
    const array = doc.getArray("fra/b");
    array.push(Array.from({ length: 400 }, () => new Uint8Array(1)));
    for (let i = 0; i < 200; i++) array.delete(i, 1);
    const vector = Y.encodeStateVector(doc);
    const cut = [...pieces(doc, vector, 200)];
    expect(cut.length).toBeGreaterThan(5);
    expect(Math.max(...cut.map(({ length }) => length))).toBeLessThanOrEqual(200);
    const ranges = cut.flatMap((piece) => Y.decodeUpdate(piece).ds.clients.get(doc.clientID) ?? []);
    expect(ranges).toEqual(Y.createDeleteSetFromStructStore(doc.store).clients.get(doc.clientID));
  });

  test("open no transaction and add no root", () => {
    const [node] = lived(6, 100) as [Node];
    for (const kind of KINDS) {
      const doc = node.docs[kind];
      const roots = [...doc.share.keys()];
      doc.on("beforeTransaction", () => expect.fail("a transaction was opened"));
      for (const piece of pieces(doc, NOTHING, 100)) expect(piece.length).toBeGreaterThan(0);
      deletionDigest(doc);
      expect([...doc.share.keys()]).toEqual(roots);
    }
  });
});

describe("deletion digest", () => {
  test("tells deletions apart that a state vector does not", () => {
    const [a, b] = makeNodes(2) as [Node, Node];
    a.append(5);
    b.pull(a);
    expect(deletionDigest(b.docs.ledger)).toEqual(deletionDigest(a.docs.ledger));
    a.prune({ [`0/fra/${a.boot}`]: 3 });
    expect(Y.encodeStateVector(b.docs.ledger)).toEqual(Y.encodeStateVector(a.docs.ledger));
    expect(deletionDigest(b.docs.ledger)).not.toEqual(deletionDigest(a.docs.ledger));
    b.pull(a);
    expect(deletionDigest(b.docs.ledger)).toEqual(deletionDigest(a.docs.ledger));
  });

  test("is 16 bytes, also of nothing", () => {
    expect(deletionDigest(new Y.Doc())).toHaveLength(16);
  });

  test("is the same after a reload, whatever Yjs merged", () => {
    for (let seed = 100; seed < 130; seed++) {
      for (const node of lived(seed, 100))
        for (const kind of KINDS) {
          const copy = new Y.Doc();
          Y.applyUpdate(copy, Y.encodeStateAsUpdate(node.docs[kind]));
          expect(deletionDigest(copy)).toEqual(deletionDigest(node.docs[kind]));
        }
    }
  });
});
