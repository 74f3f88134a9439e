// The inspector changes nothing: whatever is asked, documents, logs and folds are what they were.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import * as Y from "yjs";
import { beforeAll, expect, test } from "vitest";
import { Inspector } from "../../../crdt/inspect/inspector.ts";
import { decodeQuestion, encodeQuestion } from "../../../crdt/inspect/question.ts";
import { VIEWS } from "../../../crdt/inspect/views.ts";
import { InspectedNetwork, SHOW } from "../../support/inspected-network.ts";
import { SeededRandom } from "../../support/virtual-world.ts";

const REQUESTS = 1_000;
const random = new SeededRandom(8);

let network: InspectedNetwork;
let receipts: string[];

beforeAll(async () => {
  network = await InspectedNetwork.start();
  await network.openPolls();
  receipts = [];
  for (const at of ["fra", "nyc", "syd"])
    for (const subject of ["anna", "ben", "cleo"]) {
      const option = pick(["red", "green", "blue"]);
      receipts.push((await network.vote(at, { subject: `${subject} of ${at}`, option })).code);
    }
  await network.pass(5000);
});

function pick<T>(from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

const PARAMS: Readonly<Record<string, () => string>> = {
  show: () => pick([SHOW, SHOW, "other", "..", ""]),
  document: () => pick([`${SHOW}/board`, `${SHOW}/tallies`, `${SHOW}/ledger/0`, `${SHOW}/ledger/9`, "__proto__", "x"]),
  search: () => pick(["red", "poll/", "", "%00", "roster"]),
  rows: () => pick(["1", "7", "500", "501", "0", "-1", "many"]),
  a: () => pick(["fra", "nyc", "nobody"]),
  b: () => pick(["syd", "recorder", "fra"]),
  receipt: () => pick([...receipts, "RB-000000", "nonsense", ""]),
  edge: () => pick(["fra", "nyc", "nobody"]),
  boot: () => pick([network.at("fra").member.boot, "0"]),
  shard: () => pick(["0", "1", "x"]),
  kind: () => pick(["ballots", "seal", "presence", "orders"]),
  decode: () => pick(["0", "1", "yes"]),
};

function randomPath(): string {
  const view = pick([...Object.keys(VIEWS), "nothing"]);
  const own = view in VIEWS ? Object.keys(VIEWS[view as keyof typeof VIEWS].params.entries) : [];
  const names = own.filter(() => random.next() < 0.8);
  if (random.next() < 0.05) names.push(pick(Object.keys(PARAMS)));
  const query = new URLSearchParams(names.map((name): [string, string] => [name, PARAMS[name]!()]));
  return `/_inspect/v1/${view}?${query.toString()}`;
}

/** Everything of all members that a request could have touched. */
async function fingerprint(): Promise<unknown> {
  const members = [...network.members.values()].map(async ({ name, member, store }) => {
    const replicas = [...member.replicas()].map((replica) => ({
      show: replica.show,
      coverage: replica.coverage().toJSON(),
      counts: replica.counts(0),
      documents: replica.documents().map((document) => {
        const doc = replica.document(document)!;
        return {
          document,
          digest: bytesToHex(sha256(Y.encodeStateAsUpdate(doc))),
          roots: [...doc.share].map(([root, type]) => `${root}: ${type.constructor.name}`),
          clients: doc.store.clients.size,
          updates: replica.recentUpdates(document)!.count,
        };
      }),
    }));
    const log = await store.load();
    return { name, replicas, log, batches: await store.logged(SHOW), appends: store.appends.length };
  });
  return Promise.all(members);
}

test(`${REQUESTS} random requests leave every replica as it was`, { timeout: 120_000 }, async () => {
  const before = await fingerprint();
  const statuses = new Map<number, number>();
  for (let i = 0; i < REQUESTS; i++) {
    const { status } = await network.get(pick(["fra", "nyc", "syd"]), randomPath());
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect(await fingerprint()).toEqual(before);
  // Had everything been refused, nothing would be proved; and nobody's mistake was met.
  expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 4);
  expect(statuses.get(400)).toBeGreaterThan(20);
  expect(statuses.get(500)).toBeUndefined();
});

test("the comparison notices what a careless reader does to a document", async () => {
  const before = await fingerprint();
  const { doc } = network.replica("fra").tallies;
  doc.get("looked");
  const after = await fingerprint();
  doc.share.delete("looked");
  expect(after).not.toEqual(before);
  expect(await fingerprint()).toEqual(before);
});

test("questions of peers that are none are left without an answer", async () => {
  const { inspector } = network.at("fra");
  const texts = [
    "",
    "{",
    "[]",
    `{"version":2,"question":{"ask":"status"}}`,
    `{"version":1,"question":{"ask":"delete"}}`,
  ];
  for (const text of texts) {
    const bytes = new TextEncoder().encode(text);
    expect(decodeQuestion(bytes)).toBeUndefined();
    expect(await inspector.answer(bytes)).toBeUndefined();
  }
  const answered = await inspector.answer(encodeQuestion({ ask: "states", show: "other" }));
  expect(new TextDecoder().decode(answered)).toBe("null");
  expect(await inspector.answer(encodeQuestion({ ask: "status" }))).toBeInstanceOf(Uint8Array);
});

test("nothing is done while nobody asks: an inspector sets no timer and listens to no document", () => {
  const { doc } = network.replica("fra").board;
  const listeners = () => [...doc._observers.values()].reduce((sum, set) => sum + set.size, 0);
  const before = listeners();
  const timers = network.time.pending;
  const idle = new Inspector(network.at("fra").member);
  expect([listeners(), network.time.pending]).toEqual([before, timers]);
  expect(idle.member.name).toBe("fra");
});
