// More boots than a network can have: who makes room for whom, and who is told that there is none.
import { beforeEach, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { ledgerName } from "../../../crdt/documents.ts";
import { introduce, MAX_BOOTS } from "../../../crdt/replicate/introduction.ts";
import { MAX_TURNED_AWAY } from "../../../crdt/replicate/reception.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { START } from "../../support/ballots.ts";
import { create, Members, SHOW, type Program, type Spoken } from "./members.ts";

/** Clients of boots that are long gone: 1 to so many. */
const GONE = MAX_BOOTS - 1;
const bootOf = (client: number) => client.toString(16).padStart(16, "0");

let members: Members;
let fra: Program;
let replica: Replica;

/** A member that knows as many boots as there may be, its own among them. */
beforeEach(async () => {
  members = new Members();
  fra = await members.open("fra");
  replica = await create(fra);
  for (let client = 1; client <= GONE; client++)
    fra.member.backbone.introductions.add(
      { member: "syd", role: "edge", boot: bootOf(client), clients: [client] },
      Uint8Array.of(client & 0xff, client >> 8),
    );
  expect(fra.member.backbone.introductions.boots).toBe(MAX_BOOTS);
});

/** As if each of these boots had written into the ledger. */
function leave(from: number, upTo: number, to = replica): void {
  const updates = Array.from({ length: upTo - from + 1 }, (_, i) => {
    const doc = new Y.Doc();
    doc.clientID = from + i;
    doc.getArray(`syd/${bootOf(from + i)}`).push([Uint8Array.of(1)]);
    return Y.encodeStateAsUpdate(doc);
  });
  Y.applyUpdate(to.document(ledgerName(SHOW, 0))!, Y.mergeUpdates(updates), "test");
}

const known = (client: number) => fra.member.backbone.introductions.ownerOf(client) !== undefined;
const errors = () => fra.world.lines.filter(({ level }) => level === "error").map(({ fields }) => fields);

describe("one boot too many", () => {
  let nyc: Spoken;

  beforeEach(async () => {
    fra.member.start();
    nyc = await members.speak("nyc", fra);
  });

  async function introduceAs(client: number, boot = nyc.boot): Promise<void> {
    nyc.link.send({ type: "introduce", bytes: introduce(nyc.identity, boot, [client]) });
    await members.pass(20);
  }

  test("takes the place of the oldest that has left nothing in any document, in the log too", async () => {
    leave(1, 10);
    await introduceAs(100_000);
    expect([known(10), known(11), known(12), known(100_000)]).toEqual([true, false, true, true]);
    expect(fra.member.backbone.introductions.boots).toBe(MAX_BOOTS);
    expect([errors(), fra.member.turnedAway().size]).toEqual([[], 0]);
    const records = fra.store.appends.flat().filter(({ kind }) => kind === "introduction");
    expect(records.at(-1)).toMatchObject({ boot: nyc.boot, inPlaceOf: bootOf(11) });
  });

  test("is turned away where all have left something, until one has not, and operators are told once", async () => {
    leave(1, GONE);
    for (let again = 0; again < 2; again++) await introduceAs(100_000);
    expect(known(100_000)).toBe(false);
    expect([...fra.member.turnedAway()]).toEqual([`nyc/${nyc.boot}`]);
    expect(errors()).toEqual([{ member: "nyc", boot: nyc.boot, most: MAX_BOOTS }]);
    fra.member.backbone.introductions.makeRoom((client) => client !== 7);
    await introduceAs(100_000);
    expect([known(7), known(100_000), fra.member.turnedAway().size]).toEqual([false, true, 0]);
  });

  test("is told of by name, up to a number of them", async () => {
    leave(1, GONE);
    for (let i = 1; i <= MAX_TURNED_AWAY + 1; i++) await introduceAs(100_000 + i, bootOf(100_000 + i));
    expect([errors().length, fra.member.turnedAway().size]).toEqual([MAX_TURNED_AWAY, MAX_TURNED_AWAY]);
  });

  test("that gave way is introduced again with what it has written", async () => {
    await introduceAs(100_000);
    expect(known(1)).toBe(false);
    const board = new Y.Doc();
    board.clientID = 200_000;
    board.getMap("board").set("transition/best/armed", { at: START, by: "ann" });
    await introduceAs(200_000, bootOf(200_000));
    nyc.link.send({
      type: "sync",
      document: `${SHOW}/board`,
      step: "update",
      update: Y.encodeStateAsUpdate(board),
    });
    await members.pass(20);
    expect(replica.board.transitions("best")).toEqual({ armed: { at: START, by: "ann" } });
  });
});

describe("a member's own boot, one too many", () => {
  test("says so, and introduces itself once there is room", async () => {
    leave(1, GONE);
    const again = await members.open("fra", fra.disk);
    const there = again.member.replica(SHOW)!;
    for (const bytes of fra.member.backbone.introductions.all().slice(1)) {
      const client = bytes[0]! | (bytes[1]! << 8);
      again.member.backbone.introductions.add(
        { member: "syd", role: "edge", boot: bootOf(client), clients: [client] },
        bytes,
      );
    }
    leave(1, GONE, there);
    expect(again.member.backbone.introductions.boots).toBe(MAX_BOOTS);
    again.member.start();
    await there.change((board) => board.addTransition("best", "armed", { at: START, by: "ann" }));
    await members.pass(1500);
    const own = `fra/${again.member.boot}`;
    expect([...again.member.turnedAway()]).toEqual([own]);
    again.member.backbone.introductions.makeRoom((client) => client !== 7);
    await members.pass(1500);
    expect(again.member.turnedAway().size).toBe(0);
    expect(again.member.backbone.introductions.ownerOf(there.board.doc.clientID)?.boot).toBe(again.member.boot);
  });
});
