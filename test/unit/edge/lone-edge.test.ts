// The edge itself, from a request to its log: no application around it, and no peers.
import { beforeEach, describe, expect, test } from "vitest";
import { MAX_PICTURES_BYTES } from "../../../edge/deeds.ts";
import { MemoryDisk } from "../../../crdt/store/memory.ts";
import { OPENING_SOON_MS } from "../../../edge/programme.ts";
import { MAX_WAITING_RECORDS } from "../../../edge/gate.ts";
import { answerOf } from "../../support/answer-of.ts";
import { aBallot, aPoll, ChainOfBatches } from "../../support/ballots.ts";
import {
  createShow,
  pass,
  replicaOf,
  request,
  SHOW,
  startLoneEdge,
  vote,
  wanted,
  type LoneEdge,
} from "../../support/lone-edge.ts";
import { ManualWorld, settle } from "../../support/world.ts";
import type { ShowService } from "../../../edge/service.ts";

const by = "producer";
let lone: LoneEdge;
let show: ShowService;
let disk: MemoryDisk;

beforeEach(async () => {
  disk = new MemoryDisk();
  lone = await startLoneEdge(new ManualWorld(), disk);
  show = await createShow(lone, [aPoll({ graceMs: 500 }), aPoll({ id: "other", index: 1, results: "live" })]);
});

async function open(durationMs?: number, poll = "best"): Promise<void> {
  wanted(await show.deeds.arm(poll, by));
  wanted(await show.deeds.open(poll, by, durationMs));
  await pass(lone.world, 100);
}

describe("a ballot", () => {
  test("is refused until its poll is open, and while it is, has a receipt once it is in the log", async () => {
    expect(await vote(lone)).toMatchObject({ refused: "poll_not_open" });
    await open();
    const receipt = await vote(lone);
    expect(receipt).toMatchObject({
      show: SHOW,
      poll: "best",
      option: "red",
      press: 1,
      k: 1,
      shard: 0,
      edge: "fra",
      boot: lone.edge.boot,
      sequence: 1,
      level: "local",
    });
    expect(show.counts("best")).toEqual({ anonymous: [1, 0, 0], signed: [0, 0, 0] });
    expect(show.ballotsOf("anna", "best")).toEqual([{ press: 1, option: 0, k: 1 }]);
  });

  test("of an unknown poll or option is refused", async () => {
    await open();
    expect(await vote(lone, { poll: "none" })).toMatchObject({ refused: "unknown_poll" });
    expect(await vote(lone, { option: "none" })).toMatchObject({ refused: "unknown_option" });
  });

  test("that is sent again gets the same code and counts once", async () => {
    await open();
    const [once, again] = [wanted(await vote(lone)), wanted(await vote(lone))];
    expect(again.code).toBe(once.code);
    expect(show.counts("best")).toMatchObject({ anonymous: [1, 0, 0] });
  });

  test("that contradicts another of the same press and flush is told so, and the other has its receipt", async () => {
    await open();
    const both = [answerOf(show, request()), answerOf(show, request({ option: "green" }))];
    await pass(lone.world, 50);
    const answers = await Promise.all(both);
    expect(answers.filter((answer) => "refused" in answer)).toMatchObject([{ refused: "press_conflict" }]);
    expect(show.counts("best")).toEqual({ anonymous: [0, 1, 0], signed: [0, 0, 0] });
  });

  test("is refused by a full log, and the next one is taken", async () => {
    await open();
    lone.store.fault = "full";
    expect(await vote(lone)).toMatchObject({ refused: "log_full", retryAfterS: 2 });
    lone.store.fault = undefined;
    expect(wanted(await vote(lone)).sequence).toBe(1);
  });

  test("gets no receipt where the log's answer is unknown, and this boot ends", async () => {
    await open();
    lone.store.fault = "written";
    expect(await vote(lone)).toMatchObject({ refused: "not_ready" });
    lone.store.fault = undefined;
    expect(await vote(lone, { subject: "ben" })).toMatchObject({ refused: "not_ready" });
    expect(lone.ended).toHaveLength(1);
  });

  test("is refused while too many wait for the log", async () => {
    await open();
    let free = () => {};
    lone.store.gate = new Promise((resolve) => (free = resolve));
    const { writer } = replicaOf(lone).shard(0);
    const time = lone.world.time;
    const written: Promise<number>[] = [];
    while (writer.waiting < MAX_WAITING_RECORDS) {
      const lo = Math.imul(written.length, 0x9e3779b1) >>> 0;
      written.push(writer.write("ballots", aBallot({ lo, time })));
    }
    const last = answerOf(show, request());
    expect(await answerOf(show, request({ subject: "ben" }))).toMatchObject({ refused: "overloaded", retryAfterS: 2 });
    free();
    await Promise.all(written);
    expect(wanted(await last).press).toBe(1);
  });
});

test("a receiver is present once, however often it comes", async () => {
  for (let i = 0; i < 3; i++) {
    show.arrive("anna", false);
    await pass(lone.world, 50);
  }
  show.arrive("ben", true);
  await pass(lone.world, 50);
  expect(show.present()).toBe(2);
  expect(replicaOf(lone).coverage().sum).toBe(2);
});

describe("a poll that closes", () => {
  test("takes ballots through its grace, is sealed, and takes none after that", async () => {
    await open(1000);
    await vote(lone);
    await pass(lone.world, 1000);
    expect(wanted(show.poll("best")).state).toBe("closing");
    wanted(await vote(lone, { subject: "ben" }));
    await pass(lone.world, 600);
    expect(await vote(lone, { subject: "cleo" })).toMatchObject({ refused: "poll_closed" });
    expect(replicaOf(lone).seals()).toMatchObject([{ poll: 0, chains: [{ boot: lone.edge.boot, sequence: 2 }] }]);
    expect(wanted(show.poll("best")).waitingFor).toEqual([]);
  });

  test("is not opened again by a longer opening that arrives after the seal", async () => {
    await open(1000);
    await pass(lone.world, 1700);
    await replicaOf(lone).change(({ doc }) => {
      const longer = { at: lone.world.time - 1700, by, closesAt: lone.world.time + 9000 };
      doc.getMap("board").set("transition/best/open", longer);
    });
    expect(wanted(show.poll("best")).state).toBe("open");
    expect(await vote(lone)).toMatchObject({ refused: "poll_closed" });
  });

  test("is sealed again when the log had no room for the seal", async () => {
    await open(1000);
    lone.store.fault = "full";
    await pass(lone.world, 1700);
    expect(replicaOf(lone).hasSealed(0)).toBe(false);
    lone.store.fault = undefined;
    await pass(lone.world, 200);
    expect([replicaOf(lone).hasSealed(0), replicaOf(lone).seals().length]).toEqual([true, 1]);
  });
});

describe("the next boot on the same disk", () => {
  test("takes over the roster, seals for the boots before it, and does not reopen what they sealed", async () => {
    await open(1000);
    await vote(lone);
    await pass(lone.world, 1700);
    lone.edge.stop();
    const next = await startLoneEdge(lone.world, disk);
    await pass(lone.world, 300);
    expect(replicaOf(next).board.rosterBoots()).toMatchObject([{ edge: "fra", boot: next.edge.boot }]);
    expect(replicaOf(next).seals().at(-1)).toMatchObject({
      boot: next.edge.boot,
      chains: [{ boot: lone.edge.boot, sequence: 2 }, { boot: next.edge.boot }],
    });
    expect(await vote(next, { subject: "ben" })).toMatchObject({ refused: "poll_closed" });
  });

  test("takes an earlier boot off the roster that comes back by a peer", async () => {
    const [entry] = replicaOf(lone).board.roster();
    lone.edge.stop();
    const next = await startLoneEdge(lone.world, disk);
    await pass(lone.world, 300);
    await replicaOf(next).change((board) => board.setRosterEntry(entry!));
    await pass(lone.world, 300);
    expect(
      replicaOf(next)
        .board.roster()
        .map(({ boot }) => boot),
    ).toEqual([next.edge.boot]);
  });
});

describe("a producer's deed", () => {
  test("that the log has no room for is refused, and its change comes into the log later", async () => {
    lone.store.fault = "full";
    expect(await show.deeds.arm("best", by)).toMatchObject({ refused: "log_full" });
    lone.store.fault = undefined;
    wanted(await show.deeds.open("best", by));
    lone.edge.stop();
    const next = await startLoneEdge(lone.world, disk);
    expect(Object.keys(replicaOf(next).board.transitions("best"))).toEqual(["armed", "open"]);
  });

  test("that the poll's state forbids is refused", async () => {
    expect(await show.deeds.close("best", by)).toMatchObject({ refused: "poll_state", extra: { state: "draft" } });
  });

  test("leaves an entry in the audit", async () => {
    await open();
    expect(show.audit().map(({ action, target }) => [action, target])).toEqual(
      [
        ["create", SHOW],
        ["arm", "best"],
        ["open", "best"],
      ].map(([action, target]) => [action === "arm" ? "armed" : action, target]),
    );
  });
});

describe("the revision of what receivers are shown", () => {
  test("grows with states, content and results", async () => {
    const seen = [show.revision];
    await open();
    seen.push(show.revision);
    await show.deeds.publish({ id: "page", kind: "page", title: "Page", text: "…", at: 1 }, undefined, by);
    seen.push(show.revision);
    await show.deeds.release("best", by);
    seen.push(show.revision);
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
  });

  test("does not grow with what only the backbone minds, twice a second and for every receiver", async () => {
    await open();
    await pass(lone.world, 300);
    const before = show.revision;
    await replicaOf(lone).change((board) => board.setWatermarks({ recorded: { a: 1 }, pruned: {}, deletable: {} }));
    await pass(lone.world, 300);
    expect(show.revision).toBe(before);
  });
});

describe("a boot that was named lost", () => {
  test("admits nothing more, since no final waits for it, and ends", async () => {
    await open();
    await show.deeds.nameLost("fra", lone.edge.boot, by);
    expect(await vote(lone)).toMatchObject({ refused: "not_ready" });
    await pass(lone.world, 200);
    expect(lone.ended).toHaveLength(1);
  });
});

test("an answer that cannot be given costs the others of its flush nothing", async () => {
  await open();
  const told: unknown[] = [];
  show.vote(request({ subject: "ann" }), (answer) => {
    told.push(answer);
    if (!(answer instanceof Error)) throw new Error("the socket broke");
  });
  show.vote(request({ subject: "ben" }), (answer) => void told.push(answer));
  await pass(lone.world, 100);
  expect(told).toMatchObject([{ sequence: 1 }, new Error("the socket broke"), { sequence: 1 }]);
  expect(await vote(lone, { subject: "cem" })).toMatchObject({ sequence: 2 });
});

test("while draining nothing is admitted, and what was admitted is in the log", async () => {
  await open();
  const pending = answerOf(show, request());
  await settle();
  const drained = lone.edge.drain();
  expect(await answerOf(show, request({ subject: "ben" }))).toMatchObject({ refused: "draining" });
  await drained;
  expect(wanted(await pending).sequence).toBe(1);
  await settle();
  expect(show.roster()).toMatchObject([{ state: "draining" }]);
});

test("a show that cannot be read from other boots' batches is ready only once they are folded", async () => {
  const other = new ChainOfBatches({ shard: 0, edge: "nyc", boot: "00000000000000a1" });
  const bytes = other.ballots([aBallot()]);
  await replicaOf(lone).change((board) =>
    board.setWatermarks({ recorded: {}, pruned: { "0/nyc/00000000000000a1": 1 }, deletable: {} }),
  );
  expect(lone.edge.show(SHOW)).toMatchObject({ refused: "not_ready" });
  expect(lone.edge.readiness().ready).toBe(false);
  await replicaOf(lone).take([bytes], "nyc");
  expect(lone.edge.readiness()).toEqual({ ready: true, reasons: [] });
});

test("pictures of a show stay within what the board can hold, and one past it is refused", async () => {
  const publish = async (id: string, bytes: number) => {
    const item = { id, kind: "picture", title: id, text: id, mediaType: "image/png", hash: id, at: 0 } as const;
    const published = show.deeds.publish(item, new Uint8Array(bytes), by);
    await settle();
    return published;
  };
  expect(await publish("whole", MAX_PICTURES_BYTES)).toMatchObject({ id: "whole" });
  expect(await publish("more", 1)).toMatchObject({ refused: "too_large" });
});

describe("an edge that joins a show when it is needed", () => {
  let seed = 1;
  const boots = (edge: LoneEdge) =>
    replicaOf(edge)
      .board.roster()
      .map(({ boot }) => boot);

  test("leaves no trace while it is only read from, and stands on the roster once a poll is armed", async () => {
    lone.edge.stop();
    const woken = await startLoneEdge(new ManualWorld(undefined, ++seed), disk, "when needed");
    await pass(woken.world, 1000);
    expect(boots(woken)).toEqual([lone.edge.boot]);
    expect([woken.edge.isBusy, woken.edge.nextOpening]).toEqual([false, undefined]);
    const again = await startLoneEdge(new ManualWorld(undefined, ++seed), disk, "when needed");
    expect(again.member.earlierBoots).toEqual([lone.edge.boot]);
    wanted(await wanted(again.edge.show(SHOW)).deeds.arm("best", by));
    await pass(again.world, 200);
    expect(boots(again)).toEqual([again.edge.boot]);
    expect(again.edge.isBusy).toBe(true);
  });

  test("is needed before a poll opens by itself", async () => {
    const opensAt = lone.world.time + 2 * OPENING_SOON_MS;
    wanted(await show.deeds.schedule("best", { opensAt }, by));
    await pass(lone.world, 100);
    expect([lone.edge.isBusy, lone.edge.nextOpening]).toEqual([false, opensAt]);
    await pass(lone.world, OPENING_SOON_MS);
    expect(lone.edge.isBusy).toBe(true);
  });
});
