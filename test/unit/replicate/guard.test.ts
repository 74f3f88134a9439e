import * as encoding from "lib0/encoding";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { encodeBatch, NO_HASH } from "../../../crdt/batch.ts";
import { judge, judgeReader, MAX_READER_MESSAGE_BYTES, type Verdict } from "../../../crdt/replicate/guard.ts";
import { MAX_JSON_DEPTH, MAX_KEY_LENGTH } from "../../../crdt/replicate/keys.ts";
import { MAX_CLOCK, MAX_STRUCTS } from "../../../crdt/replicate/runs.ts";
import { SeededRandom } from "../../support/virtual-world.ts";
import { actAtRandom, bootOf, contentOf, expectConverged, KINDS, makeNodes, type Kind, type Node } from "./network.ts";
import { rawUpdate, type RawBlock, type RawContent, type RawStruct } from "./raw-update.ts";

/** Clients of the first three nodes: fra, nyc, syd. */
const [FRA, NYC, SYD] = [500, 90_000, 7] as const;
/** A later boot of syd, introduced and silent. */
const SYD_TOO = 777;
const STRANGER = 12_345;

/** Three nodes that have written a little and know all of each other. */
function network(): [Node, Node, Node] {
  const nodes = makeNodes(3) as [Node, Node, Node];
  for (const node of nodes) {
    node.append(4);
    node.setRegister(1);
    node.setRegister(2);
    node.board.setPoll({ ...POLL, id: `poll-${node.name}` });
  }
  nodes[0].prune({ [`0/fra/${nodes[0].boot}`]: 2 });
  // Once for the watermarks on the board, which the deletions in the ledger are judged by.
  for (const a of nodes) for (const b of nodes) if (a !== b) b.pull(a);
  for (const a of nodes) for (const b of nodes) if (a !== b) b.pull(a);
  expectConverged(nodes);
  nodes[0].introductions.add({ member: "syd", role: "edge", boot: bootOf(77), clients: [SYD_TOO] }, new Uint8Array());
  return nodes;
}

const POLL = {
  id: "",
  index: 0,
  question: "red?",
  options: [],
  mode: "last",
  votes: 1,
  graceMs: 0,
  results: "hidden",
} as const;

function item(content: RawContent, over: Partial<Extract<RawStruct, { kind: "item" }>> = {}): RawStruct {
  return { kind: "item", content, ...over };
}

const JSON_ONE: RawContent = { kind: "any", values: [1] };
const BYTES_ONE: RawContent = { kind: "bytes", bytes: Uint8Array.of(1) };
const onBoard = (key: string, content: RawContent = JSON_ONE): RawStruct => item(content, { parent: "board", key });

function block(client: number, clock: number, ...structs: RawStruct[]): RawBlock {
  return { client, clock, structs };
}

/** A document like the node's own, to see what Yjs would do with an update that nobody judged. */
function copyOf(node: Node, kind: Kind): Y.Doc {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(node.docs[kind]));
  return copy;
}

function isLoadable(doc: Y.Doc): boolean {
  try {
    Y.applyUpdate(new Y.Doc(), Y.encodeStateAsUpdate(doc));
    return true;
  } catch {
    return false;
  }
}

interface Hostile {
  readonly name: string;
  readonly kind: Kind;
  readonly update: (nodes: readonly [Node, Node, Node]) => Uint8Array;
  readonly verdict: "gap" | "hostile";
  readonly reason: RegExp;
  /** Whether the update does harm where nobody judges it; left out where the harm is time or memory. */
  readonly harms?: (doc: Y.Doc, update: Uint8Array, nodes: readonly [Node, Node, Node]) => boolean;
}

const stateOf = (node: Node, kind: Kind, client: number) => Y.getState(node.docs[kind].store, client);
const pends = (doc: Y.Doc, update: Uint8Array): boolean => {
  Y.applyUpdate(doc, update);
  return doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
};

/** The messages that were measured to hurt Yjs (shared/facts/yjs.md), each built again. */
const FIFTEEN: Hostile[] = [
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

const self = (clock: number) => ({ client: SYD, clock });

/** What else Yjs would take, and no replica writes. On the board unless said; syd's client stands at 1 there. */
const OTHERS: Hostile[] = [
  ...(
    [
      [
        "a struct that is left out",
        [block(SYD, 1, { kind: "skip", length: 5 }, onBoard("a"))],
        /nothing that a replica writes/,
      ],
      [
        "a tombstone of length zero",
        [block(SYD, 1, onBoard("a", { kind: "deleted", length: 0 }))],
        /nothing that a replica/,
      ],
      ["no value at all", [block(SYD, 1, onBoard("a", { kind: "any", values: [] }))], /nothing that a replica writes/],
      [
        "two values of a key at once",
        [block(SYD, 1, onBoard("a", { kind: "any", values: [1, 2] }))],
        /nothing that a replica/,
      ],
      ["a text", [block(SYD, 1, onBoard("a", { kind: "string", text: "" }))], /nothing that a replica writes/],
      ["an embed", [block(SYD, 1, onBoard("a", { kind: "embed", text: "{}" }))], /nothing that a replica writes/],
      [
        "a format",
        [block(SYD, 1, onBoard("a", { kind: "format", key: "b", text: "1" }))],
        /nothing that a replica writes/,
      ],
      ["JSON of old", [block(SYD, 1, onBoard("a", { kind: "json", text: "1" }))], /nothing that a replica writes/],
      ["a nested type", [block(SYD, 1, onBoard("a", { kind: "type", ref: 1 }))], /nothing that a replica writes/],
      [
        "a right origin",
        [block(SYD, 1, item(JSON_ONE, { rightOrigin: { client: FRA, clock: 0 } }))],
        /nothing that a replica/,
      ],
      ["a list's item in a map", [block(SYD, 1, item(JSON_ONE, { parent: "board" }))], /is in no map/],
      [
        "a root named by the language",
        [block(SYD, 1, item(JSON_ONE, { parent: "__proto__", key: "a" }))],
        /is in no map/,
      ],
      ["bytes where JSON belongs", [block(SYD, 1, onBoard("a", BYTES_ONE))], /no content for "board\/a"/],
      [
        "JSON where bytes belong",
        [block(SYD, 1, item(JSON_ONE, { parent: "pictures", key: "a" }))],
        /no content for "pictures\/a"/,
      ],
      ["a key without end", [block(SYD, 1, onBoard("k".repeat(MAX_KEY_LENGTH + 1)))], /a key of 257/],
      ["a big integer", [block(SYD, 1, onBoard("a", { kind: "any", values: [1n] }))], /no content for/],
      [
        "bytes within JSON",
        [block(SYD, 1, onBoard("a", { kind: "any", values: [{ b: new Uint8Array(1) }] }))],
        /no content for/,
      ],
      ["a prototype", [block(SYD, 1, onBoard("a", prototypeContent()))], /no content for/],
      ["a value too deep", [block(SYD, 1, onBoard("a", nested(MAX_JSON_DEPTH + 1)))], /no content for/],
      ["a value 30,000 deep", [block(SYD, 1, onBoard("a", nested(30_000)))], /are no update|no content for/],
      [
        "an origin in its own future",
        [block(SYD, 1, item(JSON_ONE, { origin: self(1) }))],
        /builds on something/,
        "gap",
      ],
      ["a circle of two clients", circle(), /builds on something that we lack/, "gap"],
      ["clocks that overlap", twice(0), /goes on at 1 after 2/],
      ["a client in two blocks", twice(1), /2 blocks of 1 clients/],
      ["an empty block that hides another", [block(SYD, 1, onBoard("a")), block(SYD, 1)], /2 blocks of 1 clients/],
      ["our own client's future", [block(NYC, 1, onBoard("a"))], /client 90000 is this replica's own/, "gap"],
      [
        "a key begun twice by one client",
        [block(SYD, 1, onBoard("a"), onBoard("a"))],
        /goes back in "board\/a"/,
        "gap",
      ],
      ["a key begun again by a client that wrote it", [block(SYD, 1, onBoard("poll/poll-syd"))], /goes back in/, "gap"],
      [
        "structs without end",
        [block(SYD, 1, ...Array.from({ length: MAX_STRUCTS + 1 }, () => onBoard("a")))],
        /8193 structs/,
      ],
    ] as [string, RawBlock[], RegExp, ("gap" | "hostile")?][]
  ).map(([name, blocks, reason, verdict = "hostile"]): Hostile => ({
    name,
    kind: "board",
    update: () => rawUpdate(blocks),
    verdict,
    reason,
  })),
  {
    name: "deletions of length zero",
    kind: "board",
    update: () => rawUpdate([], [{ client: FRA, ranges: [[0, 0]] }]),
    verdict: "hostile",
    reason: /has 0 to 0 deleted/,
  },
  {
    name: "deletions that overlap",
    kind: "ledger",
    update: () =>
      rawUpdate(
        [],
        [
          {
            client: FRA,
            ranges: [
              [0, 2],
              [1, 1],
            ],
          },
        ],
      ),
    verdict: "hostile",
    reason: /has 1 to 2 deleted, after 2/,
  },
  {
    name: "an update of another encoding with nothing in it",
    kind: "board",
    update: () => Y.encodeStateAsUpdateV2(new Y.Doc()),
    verdict: "hostile",
    reason: /bytes are no update/,
  },
  {
    name: "a struct held in part that goes on in another key",
    kind: "board",
    update: ([, nyc]) => {
      const held = stateOf(nyc, "board", FRA);
      return rawUpdate([block(FRA, 0, onBoard("elsewhere", { kind: "deleted", length: held + 5 }))]);
    },
    verdict: "gap",
    reason: /runs over several keys/,
  },
  {
    name: "another's register",
    kind: "tallies",
    update: () => rawUpdate([block(SYD, 2, item(JSON_ONE, { origin: { client: FRA, clock: 1 } }))]),
    verdict: "hostile",
    reason: /"syd" may not write "registers\/fra"/,
  },
  {
    name: "another boot's array",
    kind: "ledger",
    update: ([fra]) => rawUpdate([block(SYD_TOO, 0, item(BYTES_ONE, { parent: `fra/${fra.boot}` }))]),
    verdict: "hostile",
    reason: /does not go on with its boot's own array/,
  },
  {
    name: "an item at another place of its array",
    kind: "ledger",
    update: () => rawUpdate([block(SYD, 4, item(BYTES_ONE, { origin: { client: SYD, clock: 1 } }))]),
    verdict: "hostile",
    reason: /does not go on with its boot's own array/,
  },
  {
    name: "an item in another's array",
    kind: "ledger",
    update: () => rawUpdate([block(SYD, 4, item(BYTES_ONE, { origin: { client: FRA, clock: 3 } }))]),
    verdict: "hostile",
    reason: /does not go on with its boot's own array/,
  },
  {
    name: "JSON in a ledger",
    kind: "ledger",
    update: () => rawUpdate([block(SYD, 4, item(JSON_ONE, { origin: { client: SYD, clock: 3 } }))]),
    verdict: "hostile",
    reason: /is no batch/,
  },
  {
    name: "another edge's batch in one's own array",
    kind: "ledger",
    update: ([fra]) => {
      const chain = { shard: 0, edge: "fra", boot: fra.boot, sequence: 9, time: 1e12, previous: NO_HASH };
      const bytes = encodeBatch({ ...chain, kind: "ballots", records: new Uint8Array(16) });
      return rawUpdate([block(SYD, 4, item({ kind: "bytes", bytes }, { origin: { client: SYD, clock: 3 } }))]);
    },
    verdict: "hostile",
    reason: /is no batch of "syd"/,
  },
  {
    name: "a tombstone in a ledger beyond what is recorded",
    kind: "ledger",
    update: () =>
      rawUpdate([block(SYD, 4, item({ kind: "deleted", length: 1000 }, { origin: { client: SYD, clock: 3 } }))]),
    verdict: "gap",
    reason: /is deleted, and not known to be recorded/,
  },
];

/** An object whose key is "__proto__": lib0 sets the prototype by it, and does not write it again. */
function prototypeContent(): RawContent {
  const bytes = encoding.encode((encoder) => {
    encoding.writeUint8(encoder, 118);
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarString(encoder, "__proto__");
    encoding.writeAny(encoder, { state: "open" });
  });
  return { kind: "encoded", length: 1, bytes };
}

/** Arrays within arrays: `depth` of them. */
function nested(depth: number): RawContent {
  const bytes = Uint8Array.from({ length: 2 * depth }, (_, i) => (i % 2 === 0 ? 117 : 1));
  return { kind: "encoded", length: 1, bytes: Uint8Array.from([...bytes.subarray(0, -1), 0]) };
}

/** Each of two clients goes on from the other's next. */
function circle(): RawBlock[] {
  return [
    block(SYD, 1, item(JSON_ONE, { origin: { client: SYD_TOO, clock: 0 } }), onBoard("a")),
    block(SYD_TOO, 0, item(JSON_ONE, { origin: { client: SYD, clock: 2 } })),
  ];
}

/** Two blocks of one client, the second behind the first or over it. */
function twice(clock: number): RawBlock[] {
  return [block(SYD, 1, onBoard("a")), block(SYD, 1 + clock, onBoard("b"))];
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

test("an update that would have Yjs walk over long lists costs little to refuse", () => {
  const [, nyc] = network();
  // Two clients in turn, so that nothing merges; then one that goes back to the beginning of it all, step by step.
  const turns = 2000;
  const ids = Array.from({ length: 2 * turns }, (_, i) =>
    i % 2 === 0 ? { client: SYD, clock: 1 + i / 2 } : { client: SYD_TOO, clock: (i - 1) / 2 },
  );
  const structs = ids.map((_, i) => (i === 0 ? onBoard("a") : item(JSON_ONE, { origin: ids[i - 1] })));
  const long = rawUpdate([
    block(SYD, 1, ...structs.filter((_, i) => i % 2 === 0)),
    block(SYD_TOO, 0, ...structs.filter((_, i) => i % 2 === 1)),
  ]);
  expect(nyc.receive("board", long)).toEqual({ ok: true });
  const held = stateOf(nyc, "board", FRA);
  const back = rawUpdate([block(FRA, held, ...ids.slice(0, 2000).map((origin) => item(JSON_ONE, { origin })))]);
  const started = process.cpuUsage();
  expect(nyc.receive("board", back)).toMatchObject({
    kind: "gap",
    reason: expect.stringMatching(/goes back|too many items/) as string,
  });
  expect(process.cpuUsage(started).user).toBeLessThan(500_000);
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

  test("empty passes", () => {
    const [, nyc] = network();
    for (const kind of KINDS) expect(nyc.receive(kind, Uint8Array.of(0, 0))).toEqual({ ok: true });
  });
});

describe("light readers", () => {
  const message = (...numbers: number[]) => Uint8Array.from(numbers);

  test("ask for state", () => {
    expect(judgeReader(message(0, 0, 3, 1, 5, 9))).toEqual({ kind: "state", vector: message(1, 5, 9) });
  });

  test.for<[string, Uint8Array]>([
    ["an empty sync step 2", message(0, 1, 2, 0, 0)],
    ["an empty update", message(0, 2, 2, 0, 0)],
    ["a sync step 2 with every deletion that a stock client knows", message(0, 1, 6, 0, 1, 5, 1, 0, 3)],
    ["awareness", message(1, 1, 0)],
    ["a query of awareness", message(3)],
  ])("may send %s, which is ignored", ([, sent]) => {
    expect(judgeReader(sent)).toEqual({ kind: "ignore" });
  });

  test.for<[string, Uint8Array, string]>([
    ["an update", message(0, 2, 8, 1, 1, 5, 0, 0, 1, 0, 0), "an update, on a connection that only reads"],
    ["a sync step 2 with something in it", message(0, 1, 3, 1, 1, 5), "an update, on a connection that only reads"],
    ["a message of authentication", message(2, 0), "a message of type 2"],
    ["a message that is not", message(9), "a message of type 9"],
    ["a sync message that is not", message(0, 3, 0), "a sync message of type 3"],
    ["a vector that is none", message(0, 0, 2, 9, 1), "a state vector that cannot be read"],
    ["nothing", message(), "0 bytes that are no message"],
    ["too much", new Uint8Array(MAX_READER_MESSAGE_BYTES + 1), "a message of 65553 bytes, the limit is 65552"],
  ])("may not send %s", ([, sent, reason]) => {
    expect(judgeReader(sent)).toEqual({ kind: "offence", reason });
  });
});
