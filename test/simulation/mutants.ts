import type { Patch } from "./hooks.ts";

/** A way to break the product, which the simulation has to notice. */
export interface Mutant {
  readonly name: string;
  readonly why: string;
  readonly patches: readonly Patch[];
  /** Seeds that are tried first, where what is broken shows seldom. */
  readonly seeds?: readonly number[];
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "acknowledge before fsync",
    why: "a receipt says that its ballot survives kill -9",
    patches: [
      {
        file: "crdt/writer.ts",
        find: `await this.#journal.append(cuts.map(`,
        replace: `void this.#journal.append(cuts.map(`,
      },
    ],
  },
  {
    name: "no anti-entropy of documents",
    why: "an update that is lost is missing until somebody compares",
    patches: [
      {
        file: "crdt/replicate/backbone.ts",
        find: `void replica.settleDebts();\n      this.greetShow(replica);`,
        replace: `void replica.settleDebts();\n      for (const c of this.#conversations.values()) c.link.send({ type: "covers", show: replica.show, watermark: replica.coverage().toJSON() });`,
      },
    ],
  },
  {
    name: "no anti-entropy of batches",
    why: "what was pruned is in no document any more",
    patches: [
      {
        file: "crdt/replicate/conversation.ts",
        find: `if (before) this.#fetchMissing(replica, before);`,
        replace: ``,
      },
    ],
  },
  {
    name: "reused clientID",
    why: "after a lost tail state vectors are equal, and contents are not",
    patches: [
      {
        file: "crdt/member.ts",
        find: `this.#client = unusedClient(options.world.random, introductions);`,
        replace: `this.#client = [...this.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0) >>> 0;`,
      },
    ],
  },
  {
    name: "prune by index",
    why: "an array also holds batches of earlier boots: its places are no sequences",
    patches: [
      {
        file: "crdt/ledger.ts",
        find: `item !== null && (item.deleted || isWithin(item, pruned)); item`,
        replace: `item !== null && item.id.clock < Math.max(0, ...Object.values(pruned)); item`,
      },
    ],
  },
  {
    name: "prune what is not covered",
    why: "a register that lacks a batch needs it from the ledger",
    patches: [
      {
        file: "monitor/recorder.ts",
        find: `if (sequence > (pruned[id] ?? 0)) prunable[id] = sequence;`,
        replace: `prunable[id] = sequence + 1;`,
      },
    ],
  },
  {
    name: "press ignored",
    why: "a delayed retry must not beat a later choice",
    patches: [
      {
        file: "crdt/tally.ts",
        find: `return (a.press - b.press || a.time - b.time ||`,
        replace: `return (a.time - b.time ||`,
      },
    ],
  },
  {
    name: "arrival order decides",
    why: "batches arrive in another order everywhere",
    patches: [
      {
        file: "crdt/tally.ts",
        find: `(a, b) => this.#isLaterPress(a, b);`,
        replace: `() => true;`,
      },
    ],
  },
  {
    name: "seal missing",
    why: "an edge that has not sealed may hold ballots that nobody has heard of",
    patches: [
      {
        file: "crdt/poll.ts",
        find: `.filter((boot) => !boot.lost && !hasSealed(boot, ofPoll))`,
        replace: `.filter(() => false)`,
      },
    ],
  },
  {
    name: "admission after the seal",
    why: "a seal says that nothing follows",
    patches: [
      {
        file: "edge/intake.ts",
        find: `this.#replica.isOver(poll.definition.index)`,
        replace: `false`,
      },
      {
        file: "crdt/poll.ts",
        find: `return "poll_closed";`,
        replace: `return undefined;`,
      },
    ],
  },
  {
    name: "identity without boot",
    why: "after a restart sequences begin anew",
    patches: [
      {
        file: "crdt/batch.ts",
        find: "return `${chain.shard}/${chain.edge}/${chain.boot}`;",
        replace: "return `${chain.shard}/${chain.edge}/${'0'.repeat(16)}`;",
      },
    ],
  },
  {
    name: "stale open beats closed",
    why: "an edge that was cut off hears of the opening after the closing",
    patches: [
      {
        file: "crdt/poll.ts",
        find: `  const closesAt = closingTime(transitions);\n  if (closesAt`,
        replace: `  if (transitions.open && now >= transitions.open.at) return "open";\n  const closesAt = closingTime(transitions);\n  if (closesAt`,
      },
    ],
  },
  {
    name: "gap accepted",
    why: "in Yjs one lost update silently blocks every later one of its client",
    patches: [
      {
        file: "crdt/replicate/runs.ts",
        find: `if (!before && clock > run.held) return gap(`,
        replace: `if (!before && clock > run.held + 1e9) return gap(`,
      },
    ],
  },
  {
    name: "re-append below `pruned`",
    why: "what is recorded must not come back",
    patches: [
      {
        file: "crdt/shard.ts",
        find: `after: pruned()[chainId(chain)] ?? 0,`,
        replace: `after: 0,`,
      },
      {
        file: "crdt/shard.ts",
        find: ` && !isPruned(bytes, reached)`,
        replace: ``,
      },
    ],
  },
  {
    name: "fold out of sequence",
    why: "a coverage that skips a batch says that it was folded",
    patches: [
      {
        file: "crdt/fold.ts",
        find: `if (batch.sequence > covered + 1) {`,
        replace: `if (batch.sequence > covered + 1e9) {`,
      },
    ],
  },
  {
    name: "final without a cut",
    why: "a result stands for exactly its cut",
    patches: [
      {
        file: "monitor/recorder.ts",
        find: `      epoch,\n      cut,\n    );`,
        replace: `      epoch,\n    );`,
      },
      {
        file: "crdt/poll.ts",
        find: `return { ready: true, cut: withoutZeros(cut), lost };`,
        replace: `return { ready: true, cut: {}, lost };`,
      },
    ],
  },
  {
    name: "deletion unguarded",
    why: "a member gone mad must not empty the ledgers",
    patches: [
      {
        file: "crdt/replicate/guard.ts",
        find: `end > deletableUpTo(policy, client)\n      ? gap(`,
        replace: `end > 1e9\n      ? gap(`,
      },
      {
        file: "crdt/replicate/guard.ts",
        find: `} else if (endOf(item) > deletableUpTo(policy, run.client)) {`,
        replace: `} else if (endOf(item) > 1e9) {`,
      },
    ],
  },
  {
    name: "unready answers",
    why: "a replica that lacks what was pruned gives wrong counts, and refuses nothing that it should",
    patches: [
      {
        file: "crdt/member.ts",
        find: `return replica.coversPruned;`,
        replace: `return true;`,
      },
    ],
  },
  {
    name: "a torn write is forgotten",
    why: "its sequence may be on the disk: used again, it stands for two batches",
    patches: [
      {
        file: "crdt/journal.ts",
        find: `if (!(error instanceof StoreFull)) this.#lose(error);`,
        replace: ``,
      },
    ],
  },
  {
    name: "level peer without a peer",
    why: "the receipt names a second replica",
    patches: [
      {
        file: "crdt/member.ts",
        find: `if (this.backbone.isStored(replica.show, chainId(chain), sequence)) return Promise.resolve(true);`,
        replace: `if (sequence > 0) return Promise.resolve(true);`,
      },
    ],
  },
  {
    name: "clock followed blindly",
    why: "an hour ahead for a moment must not be an hour ahead for ever",
    patches: [
      {
        file: "crdt/clock.ts",
        find: `return Math.min(this.#clock.now(), this.#bound);`,
        replace: `return this.#clock.now();`,
      },
    ],
  },
];
