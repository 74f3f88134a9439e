import type { Member } from "../crdt/member.ts";
import type { Origin } from "../crdt/origin.ts";
import type { Replica } from "../crdt/replica.ts";

/** How often a process does what follows from time alone, and tries again what failed, ms. */
export const ROUND_INTERVAL_MS = 500;

/** What changed in a show, and where it came from. */
export type Change =
  /** Folded and durable here, told of once. `from` is the peer that brought them; absent where this program wrote them. */
  | { readonly kind: "batches"; readonly batches: readonly Uint8Array[]; readonly from: string | undefined }
  /** Not durable here yet, so that no cue waits for a disk: it is once `Replica.settled` resolves. */
  | { readonly kind: "board"; readonly origin: Origin };

/**
 * What a process is there for: recording, watching thresholds, processing orders. A process may have several; each sees
 * every change of every show, and has its own rounds.
 */
export interface Duty {
  readonly name: string;
  /** Called at each change. Returns at once: what takes time belongs into a round, or behind a promise of its own. */
  onchange?(replica: Replica, change: Change): void;
  /** Called at intervals for each show that was proposed and that nobody has established. */
  establish?(replica: Replica): Promise<void>;
  /** Called at intervals, one round at a time, for each show that is ready here. What it throws is tried again. */
  round(replica: Replica): Promise<void>;
  /** How it is going in a show. */
  health(replica: Replica): DutyHealth;
}

export interface DutyHealth {
  /** What somebody has to look into. */
  readonly problems: readonly string[];
  /** Whom it waits for, and why. */
  readonly waitsFor: readonly string[];
  /** By name in snake case, as `/metrics` gives them; nothing here counts ballots by option. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface ProcessHealth {
  readonly process: string;
  readonly boot: string;
  readonly ok: boolean;
  /** Why it is not well: its duties' problems, links that are missing, shows that are not ready, a log without room. */
  readonly problems: readonly string[];
  /** Peers with an open link. */
  readonly links: readonly string[];
  readonly duties: readonly (DutyHealth & {
    readonly duty: string;
    readonly show: string;
    readonly ready: boolean;
  })[];
}

/**
 * A program on the backbone that watches for certain data and acts on it: a member, and its duties. Rounds are driven
 * by a timer, by whoever calls `round` (an alarm), or by both.
 */
export class Process {
  readonly #member: Member;
  readonly #duties: readonly Duty[];
  /** Duty and show → why its last round was cut short. */
  readonly #cutShort = new Map<string, string>();
  readonly #unwatch: (() => void)[] = [];
  #working: Promise<void> | undefined;
  #cancelRound: (() => void) | undefined;
  #stopped = false;

  /** Sees changes from now on; `member` is started by the caller, after `start`. */
  constructor(member: Member, duties: readonly Duty[]) {
    this.#member = member;
    this.#duties = duties;
    member.watchShows((replica) => this.#watch(replica));
  }

  /** Rounds at intervals from now on. */
  start(): void {
    this.#cancelRound = this.#member.world.timers.after(ROUND_INTERVAL_MS, () => {
      void this.round().then(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  /** One round of every duty; whoever asks while one is under way waits for that. Never rejects. */
  round(): Promise<void> {
    this.#working ??= this.#round().finally(() => (this.#working = undefined));
    return this.#working;
  }

  /** Stops, after the round under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRound?.();
    for (const unwatch of this.#unwatch) unwatch();
    await this.#working;
  }

  health(): ProcessHealth {
    const links = this.#member.links().flatMap(({ peer, open }) => (open ? [peer] : []));
    const duties = this.#duties.flatMap((duty) => this.#shows().map((replica) => this.#healthOf(duty, replica)));
    const problems = duties.flatMap(({ show, ready, problems: its }) => [
      ...(ready ? [] : [`show "${show}" is catching up`]),
      ...its.map((problem) => `show "${show}": ${problem}`),
    ]);
    for (const { show, unlogged } of this.#shows())
      if (unlogged) problems.push(`show "${show}": the log does not take what comes: ${unlogged.message}`);
    if (links.length === 0) problems.unshift("no link is open");
    const { name, boot } = this.#member;
    return { process: name, boot, ok: problems.length === 0, problems: [...new Set(problems)], links, duties };
  }

  #shows(): Replica[] {
    return [...this.#member.replicas()].filter((replica) => replica.shards().size > 0);
  }

  #healthOf(duty: Duty, replica: Replica) {
    const { problems, ...rest } = duty.health(replica);
    const cutShort = this.#cutShort.get(`${duty.name} ${replica.show}`);
    return {
      duty: duty.name,
      show: replica.show,
      ready: this.#member.isReady(replica),
      problems: cutShort === undefined ? problems : [...problems, cutShort],
      ...rest,
    };
  }

  #watch(replica: Replica): void {
    const tell = (change: Change) => {
      for (const duty of this.#duties) duty.onchange?.(replica, change);
    };
    this.#unwatch.push(
      replica.watch({
        onfolded: (batches, from) => tell({ kind: "batches", batches, from }),
        onboard: (origin) => tell({ kind: "board", origin }),
      }),
    );
  }

  /** Duties side by side: one that waits for its database holds no other up. */
  async #round(): Promise<void> {
    await Promise.all(this.#duties.map((duty) => this.#roundOf(duty)));
  }

  async #roundOf(duty: Duty): Promise<void> {
    for (const replica of this.#member.replicas()) {
      const isEstablished = replica.shards().size > 0;
      if (isEstablished && !this.#member.isReady(replica)) continue;
      const key = `${duty.name} ${replica.show}`;
      try {
        await (isEstablished ? duty.round(replica) : duty.establish?.(replica));
        this.#cutShort.delete(key);
      } catch (error) {
        this.#cutShort.set(key, `a round was cut short: ${String(error)}`);
        this.#member.world.log("warn", "a round was cut short", {
          duty: duty.name,
          show: replica.show,
          error: String(error),
        });
      }
    }
  }
}
