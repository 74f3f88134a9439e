import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { judge, type Verdict } from "../../../crdt/replicate/guard.ts";
import { MAX_JSON_DEPTH, MAX_KEY_LENGTH } from "../../../crdt/replicate/keys.ts";
import { MAX_STRUCTS } from "../../../crdt/replicate/runs.ts";
import { SeededRandom } from "../../support/virtual-world.ts";
import { FIFTEEN } from "./hostile.ts";
import { actAtRandom, bootOf, expectConverged, KINDS, makeNodes, type Kind, type Node } from "./network.ts";
import { rawUpdate, type RawBlock, type RawId, type RawStruct } from "./raw-update.ts";
import { block, FRA, item, JSON_ONE, network, onBoard, stateOf, SYD, SYD_TOO } from "./scene.ts";
import { nested, OTHERS } from "./unwritten.ts";

/** A document like the node's own, to see what Yjs would do with an update that nobody judged. */
function copyOf(node: Node, kind: Kind): Y.Doc {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(node.docs[kind]));
  return copy;
}

describe.for([
  ["the messages that hurt Yjs", FIFTEEN],
  ["what else no replica writes", OTHERS],
] as const)("%s", ([, messages]) => {
  test.for(messages)("$name", ({ kind, update, verdict, reason, harms }) => {
    const nodes = network();
    const victim = nodes[1];
    const bytes = update(nodes);
    const before = Y.encodeStateAsUpdate(victim.docs[kind]);
    const started = process.cpuUsage();
    const judged = judge(victim.docs[kind], bytes, victim.policy(kind));
    expect(judged).toEqual({ ok: false, kind: verdict, reason: expect.stringMatching(reason) as string });
    expect(process.cpuUsage(started).user).toBeLessThan(200_000);
    expect(Y.encodeStateAsUpdate(victim.docs[kind])).toEqual(before);
    if (harms) expect(harms(copyOf(victim, kind), bytes, nodes)).toBe(true);
  });
});

describe("limits", () => {
  test.for<[string, RawBlock]>([
    ["a key", block(SYD, 1, onBoard("k".repeat(MAX_KEY_LENGTH)))],
    ["a depth", block(SYD, 1, onBoard("a", nested(MAX_JSON_DEPTH)))],
    ["structs", block(SYD, 1, ...Array.from({ length: MAX_STRUCTS }, (_, i) => onBoard(`k${i}`)))],
  ])("%s exactly at its limit passes", ([, raw]) => {
    const [, nyc] = network();
    expect(nyc.receive("board", rawUpdate([raw]))).toEqual({ ok: true });
  });

  test("an update at the policy's own limit passes, a byte more does not", () => {
    const [fra, nyc] = network();
    const update = Y.encodeStateAsUpdate(fra.docs.board);
    const judged = (maxBytes: number): Verdict => judge(nyc.docs.board, update, { ...nyc.policy("board"), maxBytes });
    expect([judged(update.length).ok, judged(update.length - 1).ok]).toEqual([true, false]);
  });
});

describe("an update that would have Yjs walk over long lists", () => {
  /** A node that holds a key which two clients wrote in turn, so that nothing merges; and its items in their order. */
  function withLongKey(): { node: Node; ids: RawId[] } {
    const [, node] = network();
    const held = stateOf(node, "board", FRA);
    const ids = Array.from({ length: 4000 }, (_, i) =>
      i % 2 === 0 ? { client: FRA, clock: held + i / 2 } : { client: SYD_TOO, clock: (i - 1) / 2 },
    );
    const structs = ids.map((_, i) => (i === 0 ? onBoard("a") : item(JSON_ONE, { origin: ids[i - 1] })));
    const [even, odd] = [0, 1].map((rest) => structs.filter((_, i) => i % 2 === rest)) as [RawStruct[], RawStruct[]];
    const update = rawUpdate([block(FRA, held, ...even), block(SYD_TOO, 0, ...odd)]);
    expect(node.receive("board", update)).toEqual({ ok: true });
    return { node, ids };
  }

  test.for([
    ["backwards", true, /goes back in "board\/a"/],
    ["forwards", false, /stands among too many items/],
  ] as const)("%s costs little to refuse", ([, reversed, reason]) => {
    const { node, ids } = withLongKey();
    const origins = reversed ? ids.toReversed() : ids;
    const update = rawUpdate([block(SYD, 1, ...origins.map((origin) => item(JSON_ONE, { origin })))]);
    const started = process.cpuUsage();
    const verdict = node.receive("board", update);
    expect(verdict).toMatchObject({ kind: "gap", reason: expect.stringMatching(reason) as string });
    expect(process.cpuUsage(started).user).toBeLessThan(500_000);
  });
});

describe("what honest replicas send", () => {
  test("live, in order, passes at once, and again as a duplicate", () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new SeededRandom(seed);
      const nodes = makeNodes(4);
      for (let i = 0; i < 80; i++) {
        const node = nodes[random.below(4)]!;
        actAtRandom(node, nodes, random);
        // The board before the ledger: the recorder raises the watermarks before it deletes.
        for (const { kind, update } of node.written.splice(0))
          for (const other of nodes.filter((each) => each !== node))
            for (let copy = 0; copy < 2; copy++) expect(other.receive(kind, update)).toEqual({ ok: true });
      }
      expectConverged(nodes);
    }
  });

  test("concurrently, with losses, is never hostile, and heals by pieces", () => {
    let gaps = 0;
    for (let seed = 0; seed < 60; seed++) {
      const random = new SeededRandom(1000 + seed);
      const nodes = makeNodes(4);
      const queues = nodes.map(() => nodes.map((): { kind: Kind; update: Uint8Array }[] => []));
      for (let i = 0; i < 150; i++) {
        const from = random.below(4);
        actAtRandom(nodes[from]!, nodes, random);
        const written = nodes[from]!.written.splice(0);
        for (const to of [0, 1, 2, 3]) if (to !== from && random.below(10) > 0) queues[from]![to]!.push(...written);
        const [sender, receiver] = [random.below(4), random.below(4)];
        for (const { kind, update } of queues[sender]![receiver]!.splice(0, random.below(4))) {
          const verdict = nodes[receiver]!.receive(kind, update);
          if (verdict.ok) continue;
          expect(verdict).toMatchObject({ kind: "gap" });
          gaps += 1;
          // As anti-entropy does: the board first, since deletions are judged by it.
          if (random.below(2) === 0) nodes[receiver]!.pull(nodes[sender]!, 100 + random.below(1000));
        }
      }
      for (let round = 0; round < 2; round++)
        for (const a of nodes) for (const b of nodes) if (a !== b) b.pull(a, 50 + random.below(500));
      expectConverged(nodes);
    }
    expect(gaps).toBeGreaterThan(100);
  });

  test("to a replica that comes back after pruning passes", () => {
    const [fra, nyc, syd] = network();
    fra.append(20);
    nyc.pull(fra);
    fra.prune({ [`0/fra/${fra.boot}`]: 15 });
    // syd has missed it all, and holds live what the others have deleted.
    syd.pull(fra, 100);
    nyc.pull(syd, 100);
    expectConverged([fra, nyc, syd]);
    expect(syd.docs.ledger.getArray(`fra/${fra.boot}`).length).toBe(9);
  });

  test("before the board came waits for it, and passes then", () => {
    const [fra, nyc] = network();
    fra.append(3);
    fra.prune({ [`0/fra/${fra.boot}`]: 5 });
    const ledger = Y.encodeStateAsUpdate(fra.docs.ledger, Y.encodeStateVector(nyc.docs.ledger));
    expect(nyc.receive("ledger", ledger)).toMatchObject({ kind: "gap" });
    nyc.pull(fra, 1000, ["board"]);
    expect(nyc.receive("ledger", ledger)).toEqual({ ok: true });
  });

  test("of a later format of batches passes: the fold leaves it out, everywhere alike", () => {
    const [fra, nyc] = network();
    fra.ledger.append("fra", fra.boot, [Uint8Array.of(2, 1, 1)]);
    nyc.pull(fra);
    expectConverged([fra, nyc]);
  });

  test("removes a boot from the roster", () => {
    const [fra, nyc] = network();
    fra.board.setRosterEntry({
      edge: "fra",
      boot: bootOf(9),
      state: "live",
      region: "",
      shards: [],
      address: "",
      since: 1,
    });
    nyc.pull(fra);
    fra.written.length = 0;
    fra.board.removeRosterEntry("fra", bootOf(9));
    expect(nyc.receive("board", fra.written[0]!.update)).toEqual({ ok: true });
    expect(nyc.board.roster()).toEqual([]);
  });

  test("takes what was published off, and back what was scheduled", () => {
    const [fra, nyc] = network();
    fra.board.publish({ id: "name", kind: "lower-third", title: "Ben", text: "", at: 1 });
    fra.board.setSchedule("best", { opensAt: 5, by: "ann" });
    nyc.pull(fra);
    fra.written.length = 0;
    fra.board.withdraw("name");
    fra.board.removeSchedule("best");
    for (const { update } of fra.written) expect(nyc.receive("board", update)).toEqual({ ok: true });
    expect([nyc.board.content(), nyc.board.schedule("best")]).toEqual([[], undefined]);
  });

  test("empty passes", () => {
    const [, nyc] = network();
    for (const kind of KINDS) expect(nyc.receive(kind, Uint8Array.of(0, 0))).toEqual({ ok: true });
  });
});
