import { standingOf } from "../../crdt/arming.ts";
import type { Replica } from "../../crdt/replica.ts";
import type { Poll } from "../../crdt/show.ts";
import type { Threshold, ThresholdProgress } from "../../crdt/threshold.ts";
import type { Change, DutyHealth } from "../process.ts";
import { crossingOf } from "./crossing.ts";
import { Delivery } from "./delivery.ts";
import { measure, type Measured } from "./measure.ts";
import { ShowReadings } from "./readings.ts";
import { Speed } from "./speed.ts";
import type { WatcherOptions } from "./watcher.ts";

/** How often a watcher says how far its thresholds are, ms: it stands on the board, which is logged everywhere. */
export const PROGRESS_INTERVAL_MS = 2000;

/** A threshold that waits to be crossed. */
interface Waiting {
  readonly threshold: Threshold;
  readonly epoch: number;
  readonly eventId: number;
}

/**
 * One show's thresholds at one watcher. What is measured is this replica's own fold: a sum that is true for a coverage is
 * true for ever, so a crossing is never without cause.
 */
export class ShowWatch {
  readonly #replica: Replica;
  readonly #options: WatcherOptions;
  readonly #readings: ShowReadings;
  readonly #delivery: Delivery;
  readonly #speeds = new Map<string, Speed>();
  #waiting: readonly Waiting[] = [];
  #polls: readonly Poll[] = [];
  #reserving: Promise<void> | undefined;
  #progressAt = -Infinity;
  #progressSaid = "";

  constructor(replica: Replica, options: WatcherOptions) {
    this.#replica = replica;
    this.#options = options;
    this.#readings = new ShowReadings(replica);
    this.#delivery = new Delivery(replica, options);
    this.#readBoard();
  }

  onchange(change: Change): void {
    if (change.kind === "board") this.#readBoard();
    this.#look();
  }

  /** What follows from time, or failed before. */
  async round(): Promise<void> {
    await this.#readings.prepare(this.#waiting.map(({ threshold }) => threshold.rule));
    this.#look();
    await this.#delivery.round();
    await this.#reserve();
    await this.#publishProgress();
  }

  health(): DutyHealth {
    return {
      problems: this.#delivery.problems(),
      waitsFor: [],
      figures: { thresholds_armed: this.#waiting.length, ...this.#delivery.figures() },
    };
  }

  /** Thresholds that are armed, with their event ids; the rest nobody measures. */
  #readBoard(): void {
    const { board } = this.#replica;
    this.#polls = board.polls();
    this.#waiting = board.thresholds().flatMap((threshold): Waiting[] => {
      const standing = standingOf(board, threshold);
      return standing.is === "armed" ? [{ threshold, ...standing }] : [];
    });
    this.#delivery.onboard();
    void this.#reserve().catch(() => {}); // The next round reserves what this could not, and says why.
  }

  /** Measures every threshold that waits. Not while catching up: a part of the votes has other shares than all of them. */
  #look(): void {
    if (this.#waiting.length === 0 || !this.#options.member.isReady(this.#replica)) return;
    for (const waiting of this.#waiting) {
      const { threshold, epoch, eventId } = waiting;
      if (this.#delivery.holds(threshold.id, epoch)) continue;
      const measured = this.#measure(waiting);
      if (!measured.isCrossed) continue;
      const { member } = this.#options;
      const coverage = this.#readings.coverageOf(threshold.rule);
      const at = member.clock.now();
      const sighting = { show: this.#replica.show, threshold, epoch, eventId, measured, coverage, at, by: member.name };
      this.#delivery.fire(crossingOf(sighting), threshold.urgent);
    }
  }

  #measure({ threshold, epoch }: Waiting): Measured {
    return measure(threshold.rule, epoch, this.#polls, this.#readings.now());
  }

  /** Reserves event ids of what was armed, so that an urgent cue needs no database. */
  #reserve(): Promise<void> {
    this.#reserving ??= this.#reserveAll().finally(() => (this.#reserving = undefined));
    return this.#reserving;
  }

  async #reserveAll(): Promise<void> {
    const { latch } = this.#options;
    if (!latch) return;
    const { board, show } = this.#replica;
    for (const threshold of board.thresholds()) {
      const standing = standingOf(board, threshold);
      if (standing.is !== "arming") continue;
      const { epoch } = standing;
      const eventId = await latch.reserve(show, threshold.id, epoch);
      await this.#replica.change(() => board.setEventId(threshold.id, epoch, eventId));
    }
  }

  async #publishProgress(): Promise<void> {
    const { member } = this.#options;
    const at = member.clock.now();
    const thresholds = Object.fromEntries(
      this.#waiting.map((waiting) => [waiting.threshold.id, this.#progressOf(waiting, at)]),
    );
    const said = JSON.stringify(thresholds);
    if (said === this.#progressSaid || Math.abs(at - this.#progressAt) < PROGRESS_INTERVAL_MS) return;
    [this.#progressSaid, this.#progressAt] = [said, at];
    await this.#replica.change((board) => board.setProgress(member.name, { at, thresholds }));
  }

  #progressOf(waiting: Waiting, at: number): ThresholdProgress {
    const { value, target } = this.#measure(waiting);
    const speed = this.#speeds.get(waiting.threshold.id) ?? new Speed();
    this.#speeds.set(waiting.threshold.id, speed);
    speed.note(at, value);
    const { perSecond } = speed;
    const remainingMs = perSecond > 0 ? { remainingMs: Math.max(0, ((target - value) * 1000) / perSecond) } : {};
    return { epoch: waiting.epoch, value, target, perSecond, ...remainingMs };
  }
}
