// Documents over a link that takes no more: nothing is made for it in vain, and what it dropped comes later.
import { beforeEach, expect, test } from "vitest";
import * as Y from "yjs";
import { ledgerName } from "../../../crdt/documents.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { deletionDigest } from "../../../crdt/replicate/pieces.ts";
import { aBallot } from "../../support/ballots.ts";
import { create, Members, SHOW, type Program } from "./members.ts";

let members: Members;
let fra: Program;
let replica: Replica;

beforeEach(async () => {
  members = new Members();
  fra = await members.open("fra");
  replica = await create(fra);
});

const vote = async ({ writer }: ReturnType<Replica["shard"]>, lo: number) => {
  void writer.write("ballots", aBallot({ lo }));
  await members.pass(20);
};

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
