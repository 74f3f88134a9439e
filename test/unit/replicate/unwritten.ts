// What Yjs would take, and no replica of ours writes.
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { encodeBatch, NO_HASH } from "../../../crdt/batch.ts";
import { MAX_JSON_DEPTH, MAX_KEY_LENGTH } from "../../../crdt/replicate/keys.ts";
import { MAX_STRUCTS } from "../../../crdt/replicate/runs.ts";
import type { Hostile } from "./hostile.ts";
import { rawUpdate, type RawBlock, type RawContent } from "./raw-update.ts";
import { block, BYTES_ONE, FRA, item, JSON_ONE, NYC, onBoard, POLL, stateOf, SYD, SYD_TOO } from "./scene.ts";

const A_POLL: RawContent = { kind: "any", values: [POLL] };
const self = (clock: number) => ({ client: SYD, clock });

/** What else Yjs would take, and no replica writes. On the board unless said; syd's client stands at 1 there. */
export const OTHERS: Hostile[] = [
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
      [
        "a key begun again by a client that wrote it",
        [block(SYD, 1, onBoard("poll/poll-syd", A_POLL))],
        /goes back in/,
        "gap",
      ],
      ["a poll that is none", [block(SYD, 1, onBoard("poll/a"))], /no content for "board\/poll\/a"/],
      ["a final that is none", [block(SYD, 1, onBoard("final/a", { kind: "any", values: [null] }))], /no content for/],
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
export function nested(depth: number): RawContent {
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
