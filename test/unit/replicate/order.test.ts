import { expect, test } from "vitest";
import * as Y from "yjs";
import { MAX_STEPS, Order } from "../../../crdt/replicate/order.ts";
import { SeededRandom } from "../../support/virtual-world.ts";

/** A document in which several clients wrote one key, each knowing some of the others' writing. */
function writtenByMany(random: SeededRandom, writes: number): Y.Doc {
  const docs = [5, 900, 3, 70].map((client) => {
    const doc = new Y.Doc();
    doc.clientID = client;
    return doc;
  });
  const sync = (from: Y.Doc, to: Y.Doc) => Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)));
  for (let i = 0; i < writes; i++) {
    const doc = docs[random.below(4)]!;
    doc.getMap("board").set("a", i);
    if (random.below(3) === 0) sync(docs[random.below(4)]!, docs[random.below(4)]!);
  }
  for (const doc of docs.slice(1)) sync(doc, docs[0]!);
  return docs[0]!;
}

function orderOf(doc: Y.Doc): Order {
  return new Order((at) => {
    const { id, origin } = Y.getItem(doc.store, at);
    return { client: id.client, start: id.clock, origin };
  });
}

/** Every clock of the key, in the order in which Yjs keeps them. */
function listed(doc: Y.Doc): Y.ID[] {
  const ids: Y.ID[] = [];
  let item: Y.Item | null = doc.getMap("board")._map.get("a") ?? null;
  while (item?.left) item = item.left;
  for (; item; item = item.right)
    for (let i = 0; i < item.length; i++) ids.push(Y.createID(item.id.client, item.id.clock + i));
  return ids;
}

test("is Yjs's order, of any two items", () => {
  for (let seed = 0; seed < 40; seed++) {
    const doc = writtenByMany(new SeededRandom(seed), 40);
    const ids = listed(doc);
    expect(ids).toHaveLength(40);
    const order = orderOf(doc);
    ids.forEach((a, i) => ids.forEach((b, j) => expect(order.isBehind(a, b)).toBe(i > j)));
  }
});

test("ends after so many steps", () => {
  const doc = writtenByMany(new SeededRandom(1), 300);
  const [first, last] = [listed(doc)[0]!, listed(doc).at(-1)!];
  const order = orderOf(doc);
  for (let i = 0; i < MAX_STEPS && !order.isExhausted; i++) order.isBehind(last, first);
  expect(order.isExhausted).toBe(true);
  expect(order.step()).toBe(false);
});
