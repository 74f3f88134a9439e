// A few replicas of one show with their real writers, and a network between them that a seeded test drives.
import { expect } from "vitest";
import * as Y from "yjs";
import { encodeBatch, NO_HASH } from "../../../crdt/batch.ts";
import { Board } from "../../../crdt/board.ts";
import type { Watermarks } from "../../../crdt/watermarks.ts";
import { Coverage } from "../../../crdt/coverage.ts";
import type { DocumentName } from "../../../crdt/documents.ts";
import { Ledger } from "../../../crdt/ledger.ts";
import { judge, type GuardPolicy, type Verdict } from "../../../crdt/replicate/guard.ts";
import { Introductions } from "../../../crdt/replicate/introduction.ts";
import { deletionDigest, pieces } from "../../../crdt/replicate/pieces.ts";
import { Tallies } from "../../../crdt/tallies.ts";
import { isSettled, setPoll } from "../../support/documents.ts";
import type { SeededRandom } from "../../support/virtual-world.ts";

export type Kind = DocumentName["kind"];
export const KINDS: readonly Kind[] = ["board", "tallies", "ledger"];
export const LEDGER = "final/ledger/0";

/** The boot of the node that is number `i`. */
export function bootOf(i: number): string {
  return (0xb007_0000 + i).toString(16).padStart(16, "0");
}

export class Node {
  readonly name: string;
  readonly boot: string;
  readonly client: number;
  readonly docs: Readonly<Record<Kind, Y.Doc>> = { board: new Y.Doc(), tallies: new Y.Doc(), ledger: new Y.Doc() };
  readonly board = new Board(this.docs.board);
  readonly tallies = new Tallies(this.docs.tallies);
  readonly ledger = new Ledger(this.docs.ledger);
  readonly introductions: Introductions;
  /** What each local change wrote, until the test sends it. */
  readonly written: { kind: Kind; update: Uint8Array }[] = [];
  sequence = 0;

  constructor(name: string, boot: string, client: number, introductions: Introductions) {
    this.name = name;
    this.boot = boot;
    this.client = client;
    this.introductions = introductions;
    introductions.add({ member: name, role: "edge", boot, clients: [client] }, new Uint8Array());
    for (const kind of KINDS) {
      this.docs[kind].clientID = client;
      this.docs[kind].on("update", (update: Uint8Array, origin: unknown) => {
        if (origin !== "peer") this.written.push({ kind, update });
      });
    }
  }

  policy(kind: Kind): GuardPolicy {
    // A fuzzed board may hold anything under the name of the watermarks.
    const watermarks: Partial<Watermarks> = this.board.watermarks;
    return { kind, introductions: this.introductions, deletable: watermarks.deletable?.[LEDGER] ?? {} };
  }

  /** What this node's next batch would be. */
  nextBatch(): Uint8Array {
    this.sequence += 1;
    const records = new Uint8Array(16).fill(this.sequence);
    const chain = {
      shard: 0,
      edge: this.name,
      boot: this.boot,
      sequence: this.sequence,
      time: 1e12,
      previous: NO_HASH,
    };
    return encodeBatch({ ...chain, kind: "ballots", records });
  }

  append(count = 1): void {
    this.ledger.append(
      this.name,
      this.boot,
      Array.from({ length: count }, () => this.nextBatch()),
    );
  }

  setRegister(present: number): void {
    this.tallies.set(this.name, { boot: this.boot, shards: { 0: { coverage: {}, polls: {}, present } } });
  }

  /** As the recorder does: raises the watermarks, then deletes. */
  prune(pruned: Readonly<Record<string, number>>): void {
    const all = Coverage.from(this.board.watermarks.pruned);
    for (const [id, sequence] of Object.entries(pruned)) all.raise(id, sequence);
    const marks = all.toJSON();
    this.board.setWatermarks({ recorded: marks, pruned: marks, deletable: { [LEDGER]: this.ledger.deletable(marks) } });
    this.ledger.prune(marks);
  }

  /** Judges and, where let in, applies. */
  receive(kind: Kind, update: Uint8Array): Verdict {
    const verdict = judge(this.docs[kind], update, this.policy(kind));
    if (!verdict.ok) return verdict;
    Y.applyUpdate(this.docs[kind], update, "peer");
    expect(isSettled(this.docs[kind])).toBe(true);
    expect(this.docs[kind].clientID).toBe(this.client);
    return verdict;
  }

  /** Everything of `other` that this node lacks, in pieces that must all be let in. */
  pull(other: Node, limitBytes = 256 * 1024, kinds = KINDS): void {
    for (const kind of kinds)
      for (const piece of pieces(other.docs[kind], Y.encodeStateVector(this.docs[kind]), limitBytes))
        expect(this.receive(kind, piece)).toEqual({ ok: true });
  }

  content(kind: Kind): Record<string, object> {
    return contentOf(this.docs[kind], kind);
  }
}

/** What a document says, by root; an empty root is none. */
export function contentOf(doc: Y.Doc, kind: Kind): Record<string, object> {
  const names = [...doc.share.keys()].sort();
  const read = (name: string): object => (kind === "ledger" ? doc.getArray(name) : doc.getMap(name)).toJSON();
  const roots = names.map((name): [string, object] => [name, read(name)]);
  return Object.fromEntries(roots.filter(([, content]) => Object.keys(content).length > 0));
}

export function makeNodes(count: number): Node[] {
  const introductions = new Introductions();
  const names = ["fra", "nyc", "syd", "gru", "recorder"];
  // Clients neither in the order of the nodes nor against it.
  return Array.from(
    { length: count },
    (_, i) => new Node(names[i]!, bootOf(i), [500, 90_000, 7, 4_000_000_000, 1000][i]!, introductions),
  );
}

/** One thing that a node may do at any time. */
export function actAtRandom(node: Node, nodes: readonly Node[], random: SeededRandom): void {
  const key = random.below(4);
  const act = [
    () => node.append(1 + random.below(3)),
    () => node.append(),
    () => node.setRegister(random.below(1000)),
    () => node.setRegister(random.below(1000)),
    () => setPoll(node.board, { ...POLL, id: `poll-${key}`, question: `question ${random.below(1000)}` }),
    () => node.board.nameLost("syd", bootOf(key), { at: 1, by: node.name }),
    () => node.board.setRosterEntry({ ...ENTRY, edge: node.name, since: random.below(1000) }),
    () => node.board.removeRosterEntry(nodes[random.below(nodes.length)]!.name, ENTRY.boot),
    () =>
      node.board.publish(
        { id: `${key}`, kind: "picture", title: "", text: "", hash: `${key}`, at: random.below(9) },
        new Uint8Array(50),
      ),
    () =>
      node.docs.board.transact(() =>
        [1, 2, 3].forEach((at) => setPoll(node.board, { ...POLL, id: `poll-${key}`, graceMs: at })),
      ),
    () => pruneAtRandom(node, nodes, random),
  ];
  act[random.below(act.length)]!();
}

/** Only the last node prunes, what it holds itself. */
function pruneAtRandom(node: Node, nodes: readonly Node[], random: SeededRandom): void {
  if (node !== nodes.at(-1)) return;
  const held = nodes.map(
    ({ name, boot }) => [`0/${name}/${boot}`, node.docs.ledger.getArray(`${name}/${boot}`).length] as const,
  );
  const known = Coverage.from(node.board.watermarks.pruned);
  node.prune(Object.fromEntries(held.map(([id, length]) => [id, known.of(id) + random.below(length + 1)])));
}

const POLL = {
  id: "",
  index: 0,
  question: "",
  options: [],
  mode: "last",
  votes: 1,
  graceMs: 0,
  results: "hidden",
} as const;
const ENTRY = { edge: "", boot: bootOf(9), state: "live", region: "eu", shards: [0], address: "", since: 0 } as const;

/** Fails unless all nodes hold the same, by every measure there is. */
export function expectConverged(nodes: readonly Node[]): void {
  const [first, ...rest] = nodes;
  for (const kind of KINDS)
    for (const node of rest) {
      expect(node.content(kind)).toEqual(first!.content(kind));
      expect(Y.decodeStateVector(Y.encodeStateVector(node.docs[kind]))).toEqual(
        Y.decodeStateVector(Y.encodeStateVector(first!.docs[kind])),
      );
      expect(deletionDigest(node.docs[kind])).toEqual(deletionDigest(first!.docs[kind]));
    }
}
