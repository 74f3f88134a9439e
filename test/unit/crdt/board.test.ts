import * as Y from "yjs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Board } from "../../../crdt/board.ts";
import type { RosterEntry } from "../../../crdt/roster.ts";
import { NO_WATERMARKS } from "../../../crdt/watermarks.ts";
import { POLL_STATES, pollState, type TransitionName } from "../../../crdt/poll.ts";
import type { Final, Show } from "../../../crdt/show.ts";
import { aPoll, START } from "../../support/ballots.ts";

const show: Show = { id: "final", title: "The final", shards: 1, created: START, wrappedKey: "00" };
const by = "producer";

function aBoard(client: number): Board {
  const doc = new Y.Doc();
  doc.clientID = client;
  return new Board(doc);
}

function exchange(...boards: Board[]): void {
  for (const from of boards) for (const to of boards) Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc));
}

const entry = (given: Partial<RosterEntry> = {}): RosterEntry => ({
  edge: "fra",
  boot: "00000000000000f1",
  state: "live",
  region: "eu",
  shards: [0],
  address: "http://fra",
  since: 1,
  ...given,
});

test("what is written on one board is read on another", () => {
  const [here, there] = [aBoard(1), aBoard(2)];
  const polls = [aPoll({ id: "second", index: 1 }), aPoll({ id: "first", index: 0 })];
  const final: Final = { poll: "first", counts: { anonymous: [1], signed: [0] }, cut: { c: 1 }, lost: [], at: 9 };
  const watermarks = { recorded: { c: 2 }, pruned: { c: 1 }, deletable: { "final/ledger/0": { 7: 1 } } };
  const page = { id: "page", kind: "page", title: "Page", text: "…", at: 1 } as const;
  const picture = { ...page, id: "picture", kind: "picture", hash: "h1", mediaType: "image/png" } as const;
  here.create(show, polls);
  here.addTransition("first", "armed", { at: 1, by });
  here.addTransition("first", "open", { at: 2, by, closesAt: 5 });
  here.setRosterEntry(entry());
  here.nameLost("fra", entry().boot, { at: 3, by });
  here.release("first", { at: 4, by });
  here.setFinal(final, { at: 9, by: "recorder" });
  here.setWatermarks(watermarks);
  here.publish(page);
  here.publish(picture, Uint8Array.of(1, 2, 3));
  here.addAudit("2-b-2", { at: 2, by, edge: "fra", action: "open", target: "first" });
  here.addAudit("1-b-1", { at: 1, by, edge: "fra", action: "arm", target: "first" });
  exchange(here, there);
  expect(there.show).toEqual(show);
  expect(there.polls().map(({ id }) => id)).toEqual(["first", "second"]);
  expect(there.poll("second")).toEqual(polls[0]);
  expect(there.transitions("first")).toEqual({
    armed: { at: 1, by },
    open: { at: 2, by, closesAt: 5 },
    final: { at: 9, by: "recorder" },
  });
  expect(there.rosterBoots()).toEqual([{ edge: "fra", boot: entry().boot, shards: [0], lost: true }]);
  expect(there.released("first")).toEqual({ at: 4, by });
  expect(there.final("first")).toEqual(final);
  expect(there.watermarks).toEqual(watermarks);
  expect(new Set(there.content())).toEqual(new Set([page, picture]));
  expect(there.picture("h1")).toEqual(Uint8Array.of(1, 2, 3));
  expect(there.audit().map(({ action }) => action)).toEqual(["arm", "open"]);
});

test("is empty at first", () => {
  const board = aBoard(1);
  expect([board.show, board.poll("first"), board.final("first"), board.picture("h")]).toEqual(Array(4).fill(undefined));
  expect([board.polls(), board.roster(), board.content(), board.audit()]).toEqual([[], [], [], []]);
  expect([board.transitions("first"), board.watermarks]).toEqual([{}, NO_WATERMARKS]);
});

describe("what must not be undone", () => {
  test("is written once", () => {
    const board = aBoard(1);
    const final: Final = { poll: "first", counts: { anonymous: [1], signed: [0] }, cut: {}, lost: [], at: 9 };
    for (const at of [1, 2]) {
      board.addTransition("first", "open", { at, by });
      board.release("first", { at, by });
      board.nameLost("fra", "b", { at, by });
      board.setFinal({ ...final, at }, { at, by });
    }
    expect(board.transitions("first").open?.at).toBe(1);
    expect([board.released("first")?.at, board.lost("fra", "b")?.at, board.final("first")?.at]).toEqual([1, 1, 1]);
  });

  test("is the same everywhere, when two write it at once", () => {
    const [here, there] = [aBoard(1), aBoard(2)];
    here.addTransition("first", "open", { at: 1, by: "one" });
    there.addTransition("first", "open", { at: 2, by: "another" });
    exchange(here, there);
    expect(here.transitions("first")).toEqual(there.transitions("first"));
  });
});

test("whatever producers do at two edges at once, both see one state, and no poll goes back", () => {
  const anyDeed = fc.record({
    board: fc.nat({ max: 1 }),
    name: fc.constantFrom<TransitionName>("armed", "open", "closing", "final", "void"),
    at: fc.nat({ max: 100 }),
    meet: fc.boolean(),
  });
  const poll = aPoll({ graceMs: 10 });
  fc.assert(
    fc.property(fc.array(anyDeed, { maxLength: 10 }), fc.nat({ max: 200 }), (deeds, now) => {
      const boards = [aBoard(1), aBoard(2)] as const;
      const stateAt = (board: Board) => POLL_STATES.indexOf(pollState(poll, board.transitions(poll.id), now));
      for (const { board, name, at, meet } of deeds) {
        const before = stateAt(boards[board]!);
        boards[board]!.addTransition(poll.id, name, { at, by });
        expect(stateAt(boards[board]!)).toBeGreaterThanOrEqual(before);
        if (meet) exchange(...boards);
      }
      exchange(...boards);
      expect(stateAt(boards[0])).toBe(stateAt(boards[1]));
    }),
  );
});

test("a roster entry that says nothing new changes nothing, and one that is taken off is gone everywhere", () => {
  const [here, there] = [aBoard(1), aBoard(2)];
  let updates = 0;
  here.doc.on("update", () => (updates += 1));
  here.setRosterEntry(entry());
  here.setRosterEntry(entry());
  expect(updates).toBe(1);
  here.setRosterEntry(entry({ state: "draining" }));
  exchange(here, there);
  expect(there.roster()).toEqual([entry({ state: "draining" })]);
  there.removeRosterEntry("fra", entry().boot);
  there.removeRosterEntry("fra", "unknown");
  exchange(here, there);
  expect(here.roster()).toEqual([]);
});

test("stays under 10 kB after 10,000 watermarks", () => {
  const [recorder, edge] = [aBoard(1), aBoard(2)];
  const chains = ["0/fra/00000000000000f1", "0/nyc/00000000000000a1", "0/syd/00000000000000b1"];
  const marks = (to: number) => Object.fromEntries(chains.map((id) => [id, to]));
  edge.create(show, [aPoll()]);
  exchange(recorder, edge);
  for (let i = 1; i <= 10_000; i++) {
    recorder.setWatermarks({ recorded: marks(i), pruned: marks(i - 1), deletable: { "final/ledger/0": { 7: i } } });
    if (i % 1000 === 0) recorder.addAudit(`${i}`, { at: i, by, edge: "fra", action: "arm", target: "x" });
  }
  expect(Y.encodeStateAsUpdate(recorder.doc).length).toBeLessThan(10_000);
});
