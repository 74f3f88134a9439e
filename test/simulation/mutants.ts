import type { Patch } from "./hooks.ts";
import type { FaultKind } from "./plan.ts";

/** A way to break the product, which the simulation has to notice. */
export interface Mutant {
  readonly name: string;
  readonly why: string;
  readonly patches: readonly Patch[];
  /** The only kinds of faults in its runs, where by chance what shows it would seldom come about. */
  readonly kinds?: readonly FaultKind[];
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "acknowledge before fsync",
    why: "a receipt says that its ballot survives kill -9",
    patches: [patch("crdt/writer.ts", "await this.#journal.append(cuts.map(", "void this.#journal.append(cuts.map(")],
  },
  {
    name: "no anti-entropy of documents",
    why: "an update that is lost is missing until somebody compares",
    patches: [
      patch(
        "crdt/replicate/backbone.ts",
        "void replica.settleDebts();\n      this.greetShow(replica);",
        'void replica.settleDebts();\n      for (const c of this.#conversations.values()) c.link.send({ type: "covers", show: replica.show, watermark: replica.coverage().toJSON() });',
      ),
    ],
  },
  {
    name: "no anti-entropy of batches",
    why: "what was pruned is in no document any more",
    patches: [patch("crdt/replicate/fetches.ts", "if (before) this.#fetchMissing(replica, before);", "")],
  },
  {
    name: "reused clientID",
    why: "after a lost tail state vectors are equal, and contents are not",
    patches: [
      patch(
        "crdt/member.ts",
        "this.#client = unusedClient(options.world.random, introductions);",
        "this.#client = [...this.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0) >>> 0;",
      ),
    ],
  },
  {
    name: "prune by index",
    why: "an array also holds batches of earlier boots: its places are no sequences",
    kinds: ["kill", "restart"],
    patches: [
      patch(
        "crdt/ledger.ts",
        "item !== null && (item.deleted || isWithin(item, pruned)); item",
        "item !== null && item.id.clock < Math.max(0, ...Object.values(pruned)); item",
      ),
    ],
  },
  {
    name: "prune what is not covered",
    why: "a register that lacks a batch needs it from the ledger",
    patches: [
      patch(
        "monitor/recorder.ts",
        "if (sequence > (pruned[id] ?? 0)) prunable[id] = sequence;",
        "prunable[id] = sequence + 1;",
      ),
    ],
  },
  {
    name: "press ignored",
    why: "a delayed retry must not beat a later choice",
    kinds: ["lossy front", "split"],
    patches: [patch("crdt/tally.ts", "return (a.press - b.press || a.time - b.time ||", "return (a.time - b.time ||")],
  },
  {
    name: "arrival order decides",
    why: "batches arrive in another order everywhere",
    patches: [patch("crdt/tally.ts", ": this.#isLaterPress.bind(this);", ": () => true;")],
  },
  {
    name: "seal missing",
    why: "an edge that has not sealed may hold ballots that nobody has heard of",
    patches: [
      patch("crdt/poll.ts", ".filter((boot) => !boot.lost && !hasSealed(boot, ofPoll))", ".filter(() => false)"),
    ],
  },
  {
    name: "admission after the seal",
    why: "a seal says that nothing follows",
    patches: [
      patch("edge/intake.ts", "this.#gate.replica.isOver(poll.definition.index)", "false"),
      patch("crdt/poll.ts", 'return "poll_closed";', "return undefined;"),
    ],
  },
  {
    name: "identity without boot",
    why: "after a restart sequences begin anew",
    patches: [
      patch(
        "crdt/batch.ts",
        "return `${chain.shard}/${chain.edge}/${chain.boot}`;",
        "return `${chain.shard}/${chain.edge}/${'0'.repeat(16)}`;",
      ),
    ],
  },
  {
    name: "stale open beats closed",
    why: "an edge that was cut off hears of the opening after the closing",
    patches: [
      patch(
        "crdt/poll.ts",
        "  const closesAt = closingTime(transitions);\n  if (closesAt",
        '  if (transitions.open && now >= transitions.open.at) return "open";\n  const closesAt = closingTime(transitions);\n  if (closesAt',
      ),
    ],
  },
  {
    name: "gap accepted",
    why: "in Yjs one lost update silently blocks every later one of its client",
    patches: [
      patch(
        "crdt/replicate/runs.ts",
        "if (!before && clock > run.held) return gap(",
        "if (!before && clock > run.held + 1e9) return gap(",
      ),
    ],
  },
  {
    name: "re-append below `pruned`",
    why: "what is recorded must not come back",
    patches: [
      patch("crdt/shard.ts", "after: pruned()[chainId(chain)] ?? 0,", "after: 0,"),
      patch("crdt/shard.ts", " && !isPruned(bytes, reached)", ""),
    ],
  },
  {
    name: "fold out of sequence",
    why: "a coverage that skips a batch says that it was folded",
    patches: [patch("crdt/fold.ts", "if (batch.sequence > covered + 1) {", "if (batch.sequence > covered + 1e9) {")],
  },
  {
    name: "final without a cut",
    why: "a result stands for exactly its cut",
    patches: [
      patch(
        "monitor/recorder.ts",
        "Object.entries(cut).filter(",
        "Object.entries(replica.coverage().toJSON()).filter(",
      ),
      patch(
        "crdt/poll.ts",
        "return { ready: true, cut: withoutZeros(cut), lost };",
        "return { ready: true, cut: {}, lost };",
      ),
    ],
  },
  {
    name: "deletion unguarded",
    why: "a member gone mad must not empty the ledgers",
    kinds: ["forged deletion"],
    patches: [
      patch("crdt/replicate/guard.ts", "end > deletableUpTo(policy, client)\n      ? gap(", "end > 1e9\n      ? gap("),
      patch(
        "crdt/replicate/guard.ts",
        "} else if (endOf(item) > deletableUpTo(policy, run.client)) {",
        "} else if (endOf(item) > 1e9) {",
      ),
    ],
  },
  {
    name: "unready answers",
    why: "a replica that lacks what was pruned gives wrong counts, and refuses nothing that it should",
    kinds: ["kill", "restart", "block"],
    patches: [patch("crdt/member.ts", " && replica.coversPruned;", ";")],
  },
  {
    name: "a torn write is forgotten",
    why: "its sequence may be on the disk: used again, it stands for two batches",
    kinds: ["torn write"],
    patches: [patch("crdt/journal.ts", "if (!(error instanceof StoreFull)) this.lose(error);", "")],
  },
  {
    name: "level peer without a peer",
    why: "the receipt names a second replica",
    patches: [
      patch(
        "crdt/member.ts",
        "if (this.backbone.isStored(replica.show, chainId(chain), sequence)) return Promise.resolve(true);",
        "if (sequence > 0) return Promise.resolve(true);",
      ),
    ],
  },
  {
    name: "clock followed blindly",
    why: "an hour ahead for a moment must not be an hour ahead for ever",
    kinds: ["clock"],
    patches: [patch("crdt/clock.ts", "return Math.min(this.#clock.now(), this.#bound);", "return this.#clock.now();")],
  },
  {
    name: "deletions forgotten at a restart",
    why: "the recorder's ledger is empty then, and what it deleted before must stay known",
    kinds: ["alone with a newcomer"],
    patches: [
      patch(
        "monitor/recorder.ts",
        "greatestOf(before.deletable[name] ?? {}, ledger.deletable(pruned))",
        "greatestOf({}, ledger.deletable(pruned))",
      ),
    ],
  },
  {
    name: "admission before the recorder knows",
    why: "no result waits for a boot that the recorder has not heard of",
    kinds: ["newcomer at the close"],
    patches: [
      patch("edge/intake.ts", "if (this.#gate.isJudged)", "if (true)"),
      patch("edge/gate.ts", "if (this.view.awaited) return undefined;", "if (true) return undefined;"),
    ],
  },
  {
    name: "the end of a chain seals nothing",
    why: "an edge that was drained never seals again, and results would wait for it for ever",
    kinds: ["drained"],
    patches: [patch("crdt/poll.ts", "seal.poll === poll || seal.poll === EVERY_POLL", "seal.poll === poll")],
  },
  {
    name: "left before the recorder has all",
    why: "who is told that nobody waits for it does not come back",
    kinds: ["drained", "split", "slow network"],
    patches: [
      patch("edge/upkeep.ts", "|| this.owesRecorder || !this.#member.isLinkedToProcess) return;", ") return;"),
      patch("edge/upkeep.ts", "(this.#hasEnded && !this.owesRecorder)", "this.#hasEnded"),
    ],
  },
  {
    name: "admission after the end",
    why: "no result waits for what a drained boot writes",
    kinds: ["drained", "restart"],
    patches: [
      patch("crdt/writer.ts", "if (this.#hasEnded) return waiter(", "if (false) return waiter("),
      patch(
        "edge/edge.ts",
        'if (this.#stage !== "live")\n      return refuse("draining"',
        'if (false)\n      return refuse("draining"',
      ),
    ],
  },
  {
    name: "admission in the name of a drained boot",
    why: "no result waits for that boot, nor for a later one on its disk that the recorder has not heard of",
    kinds: ["restart at the close"],
    patches: [
      patch(
        "crdt/member.ts",
        "return this.earlierBoots.slice(drained + 1);",
        "return this.earlierBoots.slice(0 * drained);",
      ),
    ],
  },
  {
    name: "a show stands where it was proposed",
    why: "of two definitions a document keeps either: a receiver that has voted under the other's key counts twice",
    kinds: ["split", "block"],
    patches: [patch("edge/creation.ts", "if (this.#member.hasProcesses) board.propose", "if (false) board.propose")],
  },
  {
    name: "introduction not logged",
    why: "whoever wrote the board and died before anyone heard of it is a stranger to all, and so is the board",
    kinds: ["power cut", "slow network"],
    patches: [
      patch(
        "crdt/replicate/reception.ts",
        "this.#keep(introduction, bytes).catch((error: unknown) => {",
        "Promise.resolve().catch((error: unknown) => {",
      ),
    ],
  },
  {
    name: "register hidden for good",
    why: "of two boots' registers Yjs may keep the older one, and the recorder waits for the other",
    kinds: ["second process"],
    patches: [patch("edge/own-register.ts", "this.#replica.isRegisterHidden", "false")],
  },
  {
    name: "a final empties the counts",
    why: "an edge that has heard of a final says nothing more of its poll",
    kinds: ["block"],
    patches: [
      patch(
        "crdt/tallies.ts",
        "bestSections(registers, (section) => section.polls[poll] !== undefined);",
        "bestSections(registers);",
      ),
      patch(
        "crdt/tallies.ts",
        ".map((section) => section.polls[poll]!)",
        ".flatMap((section) => section.polls[poll] ?? [])",
      ),
    ],
  },
];

function patch(file: string, find: string, replace: string): Patch {
  return { file, find, replace };
}
