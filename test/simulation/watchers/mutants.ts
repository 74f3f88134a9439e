import type { Patch } from "../hooks.ts";

/** Ways in which others fire twice, or never, or for nothing. Each has to be caught. */
export interface WatcherMutant {
  readonly name: string;
  readonly why: string;
  readonly patches: readonly Patch[];
}

const LATCH = "latch.latch(seen));\n    if (standing) this.#latched";
const OWN_ID: Patch = {
  file: "monitor/threshold/crossing.ts",
  find: "id: cueId(show, threshold.id, epoch),",
  replace: "id: cueId(show, `${threshold.id} ${by} ${at}`, epoch),",
};
/** Sends what it has latched itself, once; what came of it nobody looks after. */
const SENDS_ONCE: readonly Patch[] = [
  {
    file: "monitor/threshold/delivery.ts",
    find: "if (!this.#isConfirmed(fired)) void this.#send(fired);",
    replace: "",
  },
  {
    file: "monitor/threshold/delivery.ts",
    find: "for (const fired of this.#replica.board.cues()) if (!this.#isConfirmed(fired)) await this.#send(fired);",
    replace: "",
  },
  {
    file: "monitor/threshold/delivery.ts",
    find: "if (!this.#isConfirmed(fired)) await this.#stand(fired);",
    replace: "if (!this.#isConfirmed(fired)) continue;",
  },
];

export const WATCHER_MUTANTS: readonly WatcherMutant[] = [
  {
    name: "check-then-act",
    why: "two watchers that look at once both see that nobody has fired",
    patches: [
      OWN_ID,
      {
        file: "monitor/threshold/delivery.ts",
        find: LATCH,
        replace: LATCH.replace(
          "latch.latch(seen)",
          "Promise.resolve(this.#replica.board.cue(seen.cue.threshold, seen.cue.epoch) ?? seen)",
        ),
      },
    ],
  },
  {
    name: "claim-then-send",
    why: "who dies between its claim and its message leaves a claim that nobody fulfils",
    patches: [
      ...SENDS_ONCE,
      {
        file: "monitor/threshold/delivery.ts",
        find: "const standing = await this.#latch(latch, seen);\n    if (standing) await this.#stand(standing);\n  }\n\n  async #latch(",
        replace:
          "const standing = await this.#latch(latch, seen);\n    if (standing === seen) await this.#stand(standing);\n    else if (standing) await this.#publish((board) => board.addCue(standing));\n  }\n\n  async #latch(",
      },
    ],
  },
  {
    name: "no dedupe",
    why: "a cue is sent again where its confirmation was lost",
    patches: [
      {
        file: "monitor/recording-encoder/recording-encoder.ts",
        find: "const known = this.#journal.find(cue.id);",
        replace: "const known = undefined;",
      },
    ],
  },
  {
    name: "lease without fence",
    why: "a leader that was stopped goes on as one when it wakes, though its lease is over",
    patches: [
      OWN_ID,
      {
        file: "monitor/threshold/delivery.ts",
        find: LATCH,
        replace: LATCH.replace("latch.latch(seen)", "leased(this.#options.member, this.#replica.board, seen)"),
      },
      {
        file: "monitor/threshold/delivery.ts",
        find: "function keyOf(",
        replace: `async function leased(member, board, seen) {
          const now = member.world.clock.now();
          const lease = (globalThis.lease ??= { by: "", until: 0 });
          if (lease.by !== member.name && lease.until > now) throw new Error("another leads");
          globalThis.lease = { by: member.name, until: now + 1000 };
          await new Promise((resolve) => member.world.timers.after(20, resolve));
          return board.cue(seen.cue.threshold, seen.cue.epoch) ?? seen;
        }

        function keyOf(`,
      },
    ],
  },
  {
    name: "threshold on unconverged sums",
    why: "edges' registers cover the same batches: what they say is not to be added",
    patches: [
      {
        file: "monitor/threshold/readings.ts",
        find: "return final ? totals(final.counts) : folded.votes(poll);",
        replace: `const sections = [...this.#replica.tallies.registers().values()].flatMap(({ shards }) => Object.values(shards));
        return final ? totals(final.counts) : addUp(sections.map(({ polls }) => totals(polls[poll.id] ?? { anonymous: [], signed: [] })));`,
      },
    ],
  },
];
