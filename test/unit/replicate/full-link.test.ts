// Documents over a link that takes no more: nothing is made for it in vain, and what it dropped comes later.
import { beforeEach, expect, test } from "vitest";
import * as Y from "yjs";
import { chainId } from "../../../crdt/batch.ts";
import { ledgerName } from "../../../crdt/documents.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { MAX_WATERMARK_CHAINS } from "../../../crdt/replicate/entries.ts";
import { deletionDigest } from "../../../crdt/replicate/pieces.ts";
import { aBallot, ChainOfBatches, START } from "../../support/ballots.ts";
import { create, Members, SHOW, type Program } from "./members.ts";

let members: Members;
let fra: Program;
let replica: Replica;

beforeEach(async () => {
  members = new Members();
  fra = await members.open("fra");
  replica = await create(fra);
});

test("an answer to a peer that lacks a document stops at the first piece that the link does not take", async () => {
  fra.member.start();
  const nyc = await members.speak("nyc", fra);
  // Forty pieces of the largest batches.
  const batch = new Uint8Array(16_384);
  const { doc } = replica.shard(0).ledger;
  for (let i = 0; i < 40; i++) doc.getArray("fra/b").push(Array.from({ length: 16 }, () => batch));
  const replies = () => fra.sent.filter((frame) => frame.type === "sync" && frame.step === "reply").length;
  const before = replies();
  let refused = 0;
  fra.isFull = () => {
    const isFull = replies() - before >= 3;
    if (isFull) refused += 1;
    return isFull;
  };
  const nothing = { vector: Uint8Array.of(0), deletions: deletionDigest(new Y.Doc()) };
  nyc.link.send({ type: "sync", document: ledgerName(SHOW, 0), step: "state", ...nothing });
  members.time.advance(2);
  expect([replies() - before, refused]).toEqual([3, 1]);
});

test("a boot whose introduction the link dropped is introduced again, and what it wrote is taken", async () => {
  const nyc = await members.open("nyc");
  for (const { member } of [fra, nyc]) member.start();
  await members.pass(2500);
  const again = await members.open("fra", fra.disk);
  again.member.start();
  await members.pass(2500);
  again.isFull = () => true;
  const armed = { at: START, by: "ann" };
  await again.member.replica(SHOW)!.change((board) => board.addTransition("best", "armed", armed));
  await members.pass(500);
  again.isFull = () => false;
  await members.pass(3000);
  expect(nyc.member.replica(SHOW)!.board.transitions("best")).toEqual({ armed });
  expect(nyc.member.links()).toMatchObject([{ peer: "fra", open: true }, { peer: "syd" }]);
});

test("a show of more chains than a frame holds is compared all the same, by its newest", async () => {
  fra.member.start();
  const nyc = await members.speak("nyc", fra);
  const chains = Array.from({ length: MAX_WATERMARK_CHAINS + 1 }, (_, i) => ({
    shard: 0,
    edge: "syd",
    boot: i.toString(16).padStart(16, "0"),
  }));
  await replica.take(
    chains.map((chain) => new ChainOfBatches(chain).ballots([aBallot()])),
    "syd",
  );
  nyc.heard.length = 0;
  await members.pass(1500);
  const covers = nyc.heard.flatMap((frame) => (frame.type === "covers" ? [Object.keys(frame.watermark)] : []));
  expect(covers.at(-1)).toEqual(chains.slice(1).map(chainId));
  expect(nyc.link.state.name).toBe("open");
});

test("introductions are not said again and again to a peer that knows them", async () => {
  const nyc = await members.open("nyc");
  for (const { member } of [fra, nyc]) member.start();
  await members.pass(2500);
  const said = () => fra.sent.filter(({ type }) => type === "introduce").length;
  const before = said();
  await members.pass(20_000);
  expect([before > 0, said()]).toEqual([true, before]);
});
