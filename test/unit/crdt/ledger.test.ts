import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { chainId, decodeHeader, type Chain } from "../../../crdt/batch.ts";
import { Ledger } from "../../../crdt/ledger.ts";
import { aBallot, ChainOfBatches } from "../../support/ballots.ts";

const fra: Chain = { shard: 0, edge: "fra", boot: "00000000000000f1" };
const fra2: Chain = { shard: 0, edge: "fra", boot: "00000000000000f2" };
const nyc: Chain = { shard: 0, edge: "nyc", boot: "00000000000000a1" };
const [ofFra, ofFra2, ofNyc] = [fra, fra2, nyc].map(chainId) as [string, string, string];

function aLedger(client: number): Ledger {
  const doc = new Y.Doc();
  doc.clientID = client;
  return new Ledger(doc);
}

function batchesOf(chain: Chain, count: number): Uint8Array[] {
  const batches = new ChainOfBatches(chain);
  for (let press = 1; press <= count; press++) batches.ballots([aBallot({ press })]);
  return batches.batches;
}

const identities = (batches: Iterable<Uint8Array>) =>
  [...batches].map(decodeHeader).map(({ edge, boot, sequence }) => `${edge} ${boot.at(-1)} ${sequence}`);
const sync = (from: Ledger, to: Ledger, origin?: unknown) =>
  Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc)), origin);
const structs = (ledger: Ledger) => [...ledger.doc.store.clients.values()].reduce((sum, of) => sum + of.length, 0);

/** What each transaction brings to a ledger, from now on. */
function noteAdded(ledger: Ledger): string[][] {
  const noted: string[][] = [];
  ledger.doc.on("afterTransaction", (transaction: Y.Transaction) => {
    noted.push(identities(Ledger.added(transaction).map(({ bytes }) => bytes)));
  });
  return noted;
}

test("holds each boot's batches in the order of appending, byte for byte", () => {
  const ledger = aLedger(1);
  const [one, two, three] = batchesOf(fra, 3);
  ledger.append("fra", fra.boot, [one!, two!]);
  ledger.append("fra", fra.boot, [three!]);
  expect([...ledger.batches()]).toEqual([one, two, three]);
});

describe("what a transaction added", () => {
  test("is told with the client that wrote it", () => {
    const [here, there] = [aLedger(7), aLedger(2)];
    here.append("fra", fra.boot, batchesOf(fra, 1));
    const clients: number[] = [];
    there.doc.on("afterTransaction", (transaction: Y.Transaction) =>
      clients.push(...Ledger.added(transaction).map(({ client }) => client)),
    );
    sync(here, there);
    expect(clients).toEqual([7]);
  });

  test("may be several batches of several clients at once, and only the new ones", () => {
    const [a, b, both, reader] = [aLedger(1), aLedger(2), aLedger(3), aLedger(4)];
    const [one, two] = batchesOf(fra, 2);
    a.append("fra", fra.boot, [one!]);
    sync(a, reader);
    const noted = noteAdded(reader);
    a.append("fra", fra.boot, [two!]);
    b.append("nyc", nyc.boot, batchesOf(nyc, 2));
    for (const ledger of [a, b]) sync(ledger, both);
    sync(both, reader);
    expect(noted.map((added) => added.toSorted())).toEqual([["fra 1 2", "nyc 1 1", "nyc 1 2"]]);
    sync(both, reader);
    expect(noted.slice(1).flat()).toEqual([]);
  });

  test("leaves out what was pruned before it came", () => {
    const [writer, recorder, reader] = [aLedger(1), aLedger(2), aLedger(3)];
    writer.append("fra", fra.boot, batchesOf(fra, 3));
    sync(writer, recorder);
    recorder.prune({ [ofFra]: 2 });
    const noted = noteAdded(reader);
    sync(recorder, reader);
    expect(noted).toEqual([["fra 1 3"]]);
  });
});

describe("pruning", () => {
  test("deletes what is at or under the watermark, by identity, and everywhere", () => {
    const [writer, recorder] = [aLedger(1), aLedger(2)];
    writer.append("fra", fra.boot, batchesOf(fra, 3));
    writer.append("nyc", nyc.boot, batchesOf(nyc, 2));
    sync(writer, recorder);
    expect(recorder.prune({ [ofFra]: 2, [ofNyc]: 2 })).toBe(4);
    expect(recorder.prune({ [ofFra]: 2, [ofNyc]: 2 })).toBe(0);
    sync(recorder, writer);
    expect(identities(writer.batches())).toEqual(["fra 1 3"]);
  });

  test("stops at the first batch of an array that has to stay: an earlier boot's, appended again", () => {
    const ledger = aLedger(1);
    ledger.append("fra", fra2.boot, [...batchesOf(fra, 2), ...batchesOf(fra2, 2)]);
    expect(ledger.prune({ [ofFra]: 1, [ofFra2]: 2 })).toBe(1);
    expect(identities(ledger.batches())).toEqual(["fra 1 2", "fra 2 1", "fra 2 2"]);
    expect(ledger.prune({ [ofFra]: 2, [ofFra2]: 1 })).toBe(2);
    expect(identities(ledger.batches())).toEqual(["fra 2 2"]);
  });

  test("keeps what cannot be read, and whatever follows it: it is recorded nowhere", () => {
    const ledger = aLedger(1);
    const [one, two] = batchesOf(fra, 2);
    ledger.append("fra", fra.boot, [one!, Uint8Array.of(9, 9), two!]);
    expect(ledger.deletable({ [ofFra]: 2 })).toEqual({ 1: 1 });
    expect(ledger.prune({ [ofFra]: 2 })).toBe(1);
  });

  test("says beforehand below which clock of each client nothing will be left", () => {
    const ledger = aLedger(1);
    ledger.append("fra", fra.boot, batchesOf(fra, 3));
    const other = aLedger(2);
    other.append("nyc", nyc.boot, batchesOf(nyc, 2));
    sync(other, ledger);
    expect(ledger.deletable({})).toEqual({});
    expect(ledger.deletable({ [ofFra]: 2, [ofNyc]: 9 })).toEqual({ 1: 2, 2: 2 });
    ledger.prune({ [ofFra]: 2, [ofNyc]: 9 });
    expect(ledger.deletable({ [ofFra]: 2, [ofNyc]: 9 })).toEqual({ 1: 2, 2: 2 });
    expect(ledger.deletable({ [ofFra]: 3, [ofNyc]: 9 })).toEqual({ 1: 3, 2: 2 });
  });

  test("leaves a document of one struct a boot, however much went through it", () => {
    const [writer, recorder] = [aLedger(1), aLedger(2)];
    const batches = batchesOf(fra, 1000);
    for (const [i, bytes] of batches.entries()) {
      writer.append("fra", fra.boot, [bytes]);
      if (i % 10 !== 9) continue;
      sync(writer, recorder);
      recorder.prune({ [ofFra]: i + 1 });
      sync(recorder, writer);
    }
    expect([...writer.batches()]).toEqual([]);
    expect([structs(writer), structs(recorder)]).toEqual([1, 1]);
    expect(Y.encodeStateAsUpdate(writer.doc).length).toBeLessThan(60);
  });
});
