// Updates by the thousand that no replica wrote. Each is refused, or does no lasting harm. FUZZ=200000 looks longer.
import { expect, test } from "vitest";
import * as Y from "yjs";
import type { Introductions } from "../../../crdt/replicate/introduction.ts";
import { SeededRandom } from "../../support/virtual-world.ts";
import { actAtRandom, bootOf, contentOf, KINDS, makeNodes, Node, type Kind } from "./network.ts";
import {
  rawUpdate,
  type RawBlock,
  type RawContent,
  type RawDeletions,
  type RawId,
  type RawStruct,
} from "./raw-update.ts";

const RUNS = Number(process.env["FUZZ"] ?? 800);
const SYD_TOO = 777;

/** Nodes with a past, in which all agree; updates that they would send next; and the updates of their past. */
interface Scene {
  readonly nodes: readonly Node[];
  readonly sent: readonly { kind: Kind; update: Uint8Array }[];
}

function sceneOf(seed: number): Scene {
  const random = new SeededRandom(seed);
  const nodes = makeNodes(3);
  nodes[0]!.introductions.add({ member: "syd", role: "edge", boot: bootOf(77), clients: [SYD_TOO] }, new Uint8Array());
  const sent: { kind: Kind; update: Uint8Array }[] = [];
  for (let i = 0; i < 30; i++) {
    const node = nodes[random.below(3)]!;
    actAtRandom(node, nodes, random);
    sent.push(...node.written.splice(0));
  }
  for (let round = 0; round < 2; round++) for (const a of nodes) for (const b of nodes) if (a !== b) b.pull(a);
  for (const node of [nodes[0]!, nodes[2]!]) {
    for (let i = 0; i < 3; i++) actAtRandom(node, nodes, random);
    sent.push(...node.written.splice(0));
  }
  for (const kind of KINDS) sent.push({ kind, update: Y.encodeStateAsUpdate(nodes[0]!.docs[kind]) });
  return { nodes, sent };
}

/** A replica that has just loaded what `node` holds, under a client that nobody uses. */
function copyOf(node: Node, introductions: Introductions, client: number): Node {
  const copy = new Node("gru", (0xc0de_0000 + client).toString(16).padStart(16, "0"), client, introductions);
  for (const kind of KINDS) Y.applyUpdate(copy.docs[kind], Y.encodeStateAsUpdate(node.docs[kind]), "peer");
  return copy;
}

/**
 * What must hold of a replica that has let an update in: the document loads and is the same then, others let in what
 * it hands on, and what was known before stands, but for keys that were overwritten.
 */
function expectUnharmed(victim: Node, observer: Node, kind: Kind, before: Record<string, object>): void {
  const doc = victim.docs[kind];
  const loaded = new Y.Doc();
  Y.applyUpdate(loaded, Y.encodeStateAsUpdate(doc));
  const after = contentOf(doc, kind);
  expect(contentOf(loaded, kind)).toEqual(after);
  if (kind !== "ledger") expectKeysKept(doc, observer.docs[kind], before, after);
  else expectBatchesKept(victim, observer.docs.ledger);
  observer.pull(victim, 64, [kind]);
  expect(contentOf(observer.docs[kind], kind)).toEqual(after);
}

/** A key has another value, or none, only where its last item is one that was not there before. */
function expectKeysKept(doc: Y.Doc, old: Y.Doc, before: Record<string, object>, after: Record<string, object>): void {
  for (const [root, content] of Object.entries(before))
    for (const [key, value] of Object.entries(content)) {
      if (
        /^(roster|content|scheduled)\//.test(key) ||
        JSON.stringify((after[root] as Record<string, unknown>)?.[key]) === JSON.stringify(value)
      )
        continue;
      const { id, length } = doc.getMap(root)._map.get(key)!;
      expect(id.clock + length).toBeGreaterThan(Y.getState(old.store, id.client));
    }
}

/** Every batch that may not be deleted is where it was. */
function expectBatchesKept(victim: Node, old: Y.Doc): void {
  const { deletable } = victim.policy("ledger");
  for (const [client, structs] of old.store.clients)
    for (const struct of structs) {
      if (struct.deleted || struct.id.clock < (deletable[client] ?? 0)) continue;
      const now = Y.getItem(victim.docs.ledger.store, struct.id);
      expect([now.deleted, now.content]).toEqual([false, (struct as Y.Item).content]);
    }
}

/** Puts an update before a fresh copy of nyc; true where it was let in. */
function tryOn({ nodes }: Scene, kind: Kind, update: Uint8Array): boolean {
  const victim = copyOf(nodes[1]!, nodes[1]!.introductions, 31);
  const observer = copyOf(nodes[1]!, nodes[1]!.introductions, 32);
  const before = contentOf(victim.docs[kind], kind);
  if (!victim.receive(kind, update).ok) return false;
  expectUnharmed(victim, observer, kind, before);
  return true;
}

function mutate(update: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = [...update];
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(bytes.length);
    const byte = random.below(3) === 0 ? random.below(256) : bytes[at]! ^ (1 << random.below(8));
    const dice = random.below(6);
    if (dice === 0) bytes.splice(at, 1);
    else if (dice === 1) bytes.splice(at, 0, byte);
    else bytes[at] = byte;
  }
  return Uint8Array.from(bytes);
}

test("honest updates, mutated", { timeout: 600_000 }, () => {
  let taken = 0;
  for (let seed = 0, scene = sceneOf(0); seed < RUNS; seed++) {
    if (seed % 100 === 0) scene = sceneOf(seed);
    const random = new SeededRandom(seed);
    const { kind, update } = scene.sent[random.below(scene.sent.length)]!;
    if (tryOn(scene, kind, mutate(update, random))) taken += 1;
  }
  // Where none were let in, or most, this would prove nothing.
  expect(taken / RUNS).toBeGreaterThan(0.02);
  expect(taken / RUNS).toBeLessThan(0.7);
});

/** Makes structs that are nearly right: known clients, clocks about where they stand, places that exist. */
class Generator {
  readonly #random: SeededRandom;
  readonly #scene: Scene;
  readonly #kind: Kind;

  constructor(random: SeededRandom, scene: Scene, kind: Kind) {
    this.#random = random;
    this.#scene = scene;
    this.#kind = kind;
  }

  update(): Uint8Array {
    const clients = this.#some(3, () => this.#client());
    return rawUpdate(
      [...new Set(clients)].map((client) => this.#block(client)),
      this.#some(2, () => this.#deletions()),
    );
  }

  #block(client: number): RawBlock {
    const clock = Math.max(0, this.#state(client) - (this.#often(0.7) ? 0 : this.#random.below(4)));
    const structs: RawStruct[] = [];
    let end = clock;
    for (let left = 1 + this.#random.below(3); left > 0; left--) {
      const struct = this.#struct(client, end);
      structs.push(struct);
      end += struct.kind === "item" && struct.content.kind !== "deleted" ? 1 : (lengthOf(struct) ?? 1);
    }
    return { client, clock: this.#often(0.97) ? clock : clock + 1, structs };
  }

  #struct(client: number, clock: number): RawStruct {
    if (this.#often(0.01)) return { kind: this.#often(0.5) ? "gc" : "skip", length: this.#random.below(3) };
    const content = this.#content();
    if (clock > 0 && this.#often(0.6)) return { kind: "item", origin: this.#origin(client, clock), content };
    const parent = this.#often(0.95) ? this.#root(client) : this.#id();
    const key = this.#kind === "ledger" ? undefined : this.#key();
    return { kind: "item", parent, key, content, ...(this.#often(0.02) ? { rightOrigin: this.#id() } : {}) };
  }

  #origin(client: number, clock: number): RawId {
    return this.#often(this.#kind === "ledger" ? 0.9 : 0.5) ? { client, clock: clock - 1 } : this.#id();
  }

  #id(): RawId {
    const client = this.#client();
    return { client, clock: this.#random.below(this.#state(client) + 2) };
  }

  #content(): RawContent {
    if (this.#often(0.02)) return { kind: "type", ref: this.#random.below(3) };
    if (this.#often(0.25)) return { kind: "deleted", length: this.#random.below(4) };
    if (this.#kind === "ledger" || this.#often(0.2))
      return { kind: "bytes", bytes: Uint8Array.of(this.#random.below(256)) };
    return { kind: "any", values: this.#often(0.95) ? [this.#random.below(9)] : [] };
  }

  #deletions(): RawDeletions {
    const client = this.#client();
    let clock = 0;
    const ranges = this.#some(2, () => {
      const start = clock + this.#random.below(this.#state(client) + 1);
      clock = start + this.#random.below(3);
      return [start, clock - start] as const;
    });
    return { client, ranges };
  }

  #root(client: number): string {
    const owner = this.#scene.nodes[0]!.introductions.ownerOf(client);
    const names = {
      board: ["board", "board", "pictures", "x"],
      tallies: ["registers"],
      ledger: [`${owner?.member}/${owner?.boot}`],
    };
    return this.#pick(names[this.#kind]);
  }

  #key(): string {
    const known = Object.values(contentOf(this.#scene.nodes[1]!.docs[this.#kind], this.#kind)).flatMap((root) =>
      Object.keys(root),
    );
    return this.#pick([...known, "new", "syd", "fra"]);
  }

  #client(): number {
    return this.#pick([500, 500, 7, 7, 90_000, SYD_TOO, ...(this.#often(0.03) ? [12_345] : [])]);
  }

  #state(client: number): number {
    return Y.getState(this.#scene.nodes[1]!.docs[this.#kind].store, client);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random.below(values.length)]!;
  }

  #often(share: number): boolean {
    return this.#random.next() < share;
  }

  #some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.#random.below(most + 1) }, make);
  }
}

function lengthOf(struct: RawStruct): number | undefined {
  if (struct.kind !== "item") return struct.length;
  return struct.content.kind === "deleted" ? struct.content.length : undefined;
}

test("updates made of what Yjs knows", { timeout: 600_000 }, () => {
  const taken: Record<Kind, number> = { board: 0, tallies: 0, ledger: 0 };
  for (let seed = 0, scene = sceneOf(0); seed < RUNS; seed++) {
    if (seed % 100 === 0) scene = sceneOf(seed);
    const kind = KINDS[seed % 3]!;
    const update = new Generator(new SeededRandom(seed), scene, kind).update();
    if (tryOn(scene, kind, update)) taken[kind] += 1;
  }
  for (const kind of KINDS) expect(taken[kind] / RUNS).toBeGreaterThan(0.015);
});
