import type { Replica } from "../../crdt/replica.ts";
import type { FiredCue } from "../../crdt/threshold.ts";
import type { CueLatch } from "./latch.ts";
import type { WatcherOptions } from "./watcher.ts";

/** How long an urgent cue waits for its latch, ms; then it goes straight to the encoder. */
export const URGENT_PATIENCE_MS = 150;
/** How long a cue's place on the board waits for the encoder to have it, ms: an encoder that is there takes 2 to 10. */
export const ENCODER_FIRST_MS = 50;
/** Every so many rounds the database is asked for cues that nobody has sent: 5 s. */
export const PENDING_ROUNDS = 10;

/** A crossing that was seen here and does not stand on the board yet. */
interface Held {
  readonly seen: FiredCue;
  readonly urgent: boolean;
}

/**
 * Brings the cues of a show from their crossing to the encoder:
 *
 *     seen ──► latched in the database ──► sent until the encoder has it ──► confirmed
 *       └─ no database here: asks on the board ─┘            │
 *       └─ urgent, and the database is away ────────────────►┘
 *
 * Each step may happen twice, here or at another watcher, and then changes nothing: the latch returns what stands, the
 * encoder knows the cue's id, and the board's keys are written once.
 */
export class Delivery {
  readonly #replica: Replica;
  readonly #options: WatcherOptions;
  /** By threshold and epoch. */
  readonly #held = new Map<string, Held>();
  /** Cues on their way to the encoder, by id. */
  readonly #sending = new Set<string>();
  /** Why a step did not succeed last time. */
  readonly #failures = new Map<"latch" | "encoder" | "board", string>();
  /** Cues that this boot knows to be latched, by id. */
  readonly #latched = new Set<string>();
  /** Cues that the encoder has, and whose confirmation the database may lack. */
  readonly #toConfirm = new Map<string, number>();
  #rounds = 0;
  #sent = 0;
  /** Of the last cue that was sent from here, from crossing to confirmation, ms. */
  #lastMs = 0;

  constructor(replica: Replica, options: WatcherOptions) {
    this.#replica = replica;
    this.#options = options;
  }

  /** Whether a crossing is on its way already. */
  holds(threshold: string, epoch: number): boolean {
    return this.#held.has(`${threshold}/${epoch}`);
  }

  /** A threshold was crossed. Keeps that until its cue stands on the board, however often a step fails. */
  fire(seen: FiredCue, urgent: boolean): void {
    const held = { seen, urgent };
    this.#held.set(keyOf(seen), held);
    void this.#advance(held);
    if (urgent) this.#options.member.world.timers.after(URGENT_PATIENCE_MS, () => this.#sendUrgent(held));
  }

  /** The board changed: what stands on it need not be held, and goes to the encoder. */
  onboard(): void {
    for (const { seen } of this.#held.values()) if (this.#isTakenOff(seen)) this.#held.delete(keyOf(seen));
    for (const fired of this.#replica.board.cues()) {
      this.#held.delete(keyOf(fired));
      if (!this.#isConfirmed(fired)) void this.#send(fired);
    }
    void this.#latchOthers();
  }

  /** Tries again whatever failed, and looks for cues that a watcher latched and could not send. */
  async round(): Promise<void> {
    for (const held of this.#held.values()) {
      await this.#advance(held);
      if (held.urgent && this.#failures.has("latch")) this.#sendUrgent(held);
    }
    await this.#latchOthers();
    await this.#latchUrgent();
    const due = this.#rounds % PENDING_ROUNDS === 0;
    this.#rounds += 1;
    if (due) await this.#takeUpPending();
    for (const fired of this.#replica.board.cues()) if (!this.#isConfirmed(fired)) await this.#send(fired);
    await this.#confirmInDatabase();
    await this.#forgetFailures();
  }

  problems(): string[] {
    return [...this.#failures].map(([step, why]) => `${DOING[step]}: ${why}`);
  }

  figures(): Record<string, number> {
    const unconfirmed = this.#replica.board.cues().filter((fired) => !this.#isConfirmed(fired)).length;
    return {
      crossings_held: this.#held.size,
      cues_unconfirmed: unconfirmed,
      cues_sent: this.#sent,
      last_cue_ms: this.#lastMs,
    };
  }

  /** What failed here may be done by now without another try: another watcher sent the cue, the log took the board. */
  async #forgetFailures(): Promise<void> {
    if (this.#failures.has("board")) await this.#try("board", () => this.#replica.settled());
    if (this.#replica.board.cues().every((fired) => this.#isConfirmed(fired))) this.#failures.delete("encoder");
  }

  /** Latches a crossing, here or through another watcher. */
  async #advance({ seen }: Held): Promise<void> {
    const { latch } = this.#options;
    if (!latch) return this.#publish((board) => board.addCrossing(seen));
    const standing = await this.#latch(latch, seen);
    if (standing) await this.#stand(standing);
  }

  async #latch(latch: CueLatch, seen: FiredCue): Promise<FiredCue | undefined> {
    const standing = await this.#try("latch", () => latch.latch(seen));
    if (standing) this.#latched.add(standing.cue.id);
    return standing;
  }

  /**
   * A cue that is latched goes to the encoder, and then onto the board: a commit of the board, here and at every edge,
   * would hold the message up by several fsyncs. The board waits no longer than `ENCODER_FIRST_MS`.
   */
  async #stand(fired: FiredCue): Promise<void> {
    const { threshold, epoch } = fired.cue;
    if (this.#isConfirmed(fired)) return;
    const sent = this.#send(fired);
    await this.#atMost(ENCODER_FIRST_MS, sent);
    if (!this.#replica.board.cue(threshold, epoch)) await this.#publish((board) => board.addCue(fired));
    if (this.#replica.board.cue(threshold, epoch)) this.#held.delete(keyOf(fired));
    await sent;
  }

  /** Resolves with `task`, which does not reject, or after `ms`. */
  #atMost(ms: number, task: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.member.world.timers.after(ms, resolve);
      void task.then(cancel).then(resolve);
    });
  }

  /** The latch takes too long: the cue goes under the same ids, and is latched when that is possible again. */
  #sendUrgent({ seen }: Held): void {
    if (!this.#held.has(keyOf(seen)) || this.#latched.has(seen.cue.id)) return;
    this.#options.member.world.log("warn", "an urgent cue goes out before it is latched", { cue: seen.cue.id });
    void this.#stand(seen);
  }

  /** Crossings that watchers without a database have put on the board. */
  async #latchOthers(): Promise<void> {
    const { latch } = this.#options;
    if (!latch) return;
    const { board } = this.#replica;
    for (const seen of board.crossings()) {
      const { threshold, epoch } = seen.cue;
      if (board.cue(threshold, epoch) || this.holds(threshold, epoch) || this.#isTakenOff(seen)) continue;
      if (seen.cue.eventId !== board.eventId(threshold, epoch)) continue;
      const standing = await this.#latch(latch, seen);
      if (standing) await this.#stand(standing);
    }
  }

  /** Urgent cues that went out before they were latched, here or elsewhere, before this boot or in it. */
  async #latchUrgent(): Promise<void> {
    const { latch } = this.#options;
    if (!latch) return;
    const { board } = this.#replica;
    for (const fired of board.cues())
      if (!this.#latched.has(fired.cue.id) && board.threshold(fired.cue.threshold)?.urgent)
        await this.#latch(latch, fired);
  }

  async #takeUpPending(): Promise<void> {
    const { latch } = this.#options;
    if (!latch) return;
    const pending = (await this.#try("latch", () => latch.pending(this.#replica.show))) ?? [];
    for (const fired of pending)
      if (!this.#isConfirmed(fired)) await this.#stand(fired);
      else this.#toConfirm.set(fired.cue.id, this.#confirmation(fired)!.at);
  }

  async #send(fired: FiredCue): Promise<void> {
    const { encoder, member } = this.#options;
    const { id, threshold, epoch, firedAt } = fired.cue;
    if (!encoder || this.#sending.has(id)) return;
    this.#sending.add(id);
    const isSent = await this.#try("encoder", async () => {
      await encoder.inject(fired.cue);
      return true;
    });
    this.#sending.delete(id);
    if (!isSent) return;
    const at = member.clock.now();
    this.#sent += 1;
    this.#lastMs = at - firedAt;
    this.#toConfirm.set(id, at);
    await this.#publish((board) => {
      board.addCue(fired);
      board.confirmCue(threshold, epoch, { at, by: member.name });
    });
    await this.#confirmInDatabase();
  }

  async #confirmInDatabase(): Promise<void> {
    const { latch } = this.#options;
    if (!latch) return this.#toConfirm.clear();
    for (const [id, at] of this.#toConfirm) {
      const isDone = await this.#try("latch", async () => {
        await latch.confirm(id, at);
        return true;
      });
      if (isDone) this.#toConfirm.delete(id);
    }
  }

  async #publish(edit: Parameters<Replica["change"]>[0]): Promise<void> {
    await this.#try("board", () => this.#replica.change(edit));
  }

  /** A producer took the threshold off, or pulled the emergency stop: what is not latched by now is not to be. */
  #isTakenOff({ cue }: FiredCue): boolean {
    return this.#replica.board.disarmed(cue.threshold) !== undefined;
  }

  #isConfirmed(fired: FiredCue): boolean {
    return this.#confirmation(fired) !== undefined;
  }

  #confirmation({ cue: { threshold, epoch } }: FiredCue) {
    return this.#replica.board.confirmed(threshold, epoch);
  }

  /** Undefined where it failed: the next round tries again. */
  async #try<T>(step: "latch" | "encoder" | "board", task: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await task();
      this.#failures.delete(step);
      return result;
    } catch (error) {
      if (!this.#failures.has(step))
        this.#options.member.world.log("warn", DOING[step], { show: this.#replica.show, error: String(error) });
      this.#failures.set(step, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}

const DOING = {
  latch: "latching cues failed",
  encoder: "sending cues to the encoder failed",
  board: "writing cues onto the board failed",
} as const;

function keyOf({ cue }: FiredCue): string {
  return `${cue.threshold}/${cue.epoch}`;
}
