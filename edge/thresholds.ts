import { standingOf, type ThresholdStanding } from "../crdt/arming.ts";
import type { Board } from "../crdt/board.ts";
import type { PollState } from "../crdt/poll.ts";
import type { FiredCue, Threshold, ThresholdProgress } from "../crdt/threshold.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";
import { MAX_THRESHOLDS, thresholdProblems } from "./threshold-file.ts";

/** A threshold as producers see it. */
export interface ThresholdView {
  readonly definition: Threshold;
  readonly standing: ThresholdStanding;
  /** What a watcher last said; absent before one has. */
  readonly progress?: ThresholdProgress & { readonly at: number };
  readonly fired: readonly { readonly cue: FiredCue; readonly confirmedAt?: number }[];
}

/** What producers do with the thresholds of a show. Each deed is durable here when it resolves. */
export interface ThresholdService {
  list(): readonly ThresholdView[];
  /** Defines a threshold, or replaces one that nobody has armed. */
  put(threshold: Threshold, by: string): Promise<ThresholdView | Refusal>;
  /** Arms a draft, or one that has fired, for its next firing. */
  arm(id: string, by: string): Promise<ThresholdView | Refusal>;
  /** Takes a threshold off for good; what has fired stands. */
  disarm(id: string, by: string): Promise<ThresholdView | Refusal>;
}

/** What the thresholds need of their show. */
export interface ThresholdHost {
  readonly board: Board;
  pollState(id: string): PollState | undefined;
  /** One change of the board with its audit entry; a refusal where the edge may not, or cannot. */
  deed(
    action: string,
    target: string,
    by: string,
    edit: (board: Board, at: number) => void,
  ): Promise<Refusal | undefined>;
}

export class Thresholds implements ThresholdService {
  readonly #host: ThresholdHost;

  constructor(host: ThresholdHost) {
    this.#host = host;
  }

  /** Ids of those that a crossing would fire. */
  mayFire(): string[] {
    const isArmed = (threshold: Threshold) => /^arm(ing|ed)$/.test(standingOf(this.#board, threshold).is);
    return this.#board
      .thresholds()
      .filter(isArmed)
      .map(({ id }) => id);
  }

  list(): ThresholdView[] {
    return this.#board.thresholds().map((threshold) => this.#view(threshold));
  }

  async put(threshold: Threshold, by: string): Promise<ThresholdView | Refusal> {
    const { id } = threshold;
    const known = this.#board.threshold(id);
    const standing = known && standingOf(this.#board, known);
    if (standing && standing.is !== "draft") return inState(id, standing, "be defined anew");
    const misfit = this.#misfit(threshold, "defining");
    if (misfit) return misfit;
    if (!known && this.#board.thresholds().length >= MAX_THRESHOLDS)
      return refuse("threshold_unfit", `defining threshold "${id}": the show has ${MAX_THRESHOLDS} already, the limit`);
    return this.#do("threshold", id, by, (board) => board.setThreshold(threshold));
  }

  async arm(id: string, by: string): Promise<ThresholdView | Refusal> {
    const threshold = this.#find(id);
    if (isRefusal(threshold)) return threshold;
    const standing = standingOf(this.#board, threshold);
    const epoch = standing.is === "fired" ? standing.epoch + 1 : 1;
    if (standing.is !== "draft" && !(standing.is === "fired" && mayFireAgain(threshold)))
      return inState(id, standing, threshold.urgent ? "be armed again: it is urgent, and fires once only" : "be armed");
    const misfit = this.#misfit(threshold, "arming") ?? this.#over(threshold);
    return misfit ?? this.#do("threshold.arm", id, by, (board, at) => board.arm(id, epoch, { at, by }));
  }

  async disarm(id: string, by: string): Promise<ThresholdView | Refusal> {
    const threshold = this.#find(id);
    if (isRefusal(threshold)) return threshold;
    const standing = standingOf(this.#board, threshold);
    if (standing.is === "disarmed") return inState(id, standing, "be disarmed");
    return this.#do("threshold.disarm", id, by, (board, at) => board.disarm(id, { at, by }));
  }

  get #board(): Board {
    return this.#host.board;
  }

  async #do(action: string, id: string, by: string, edit: (board: Board, at: number) => void) {
    return (await this.#host.deed(action, id, by, edit)) ?? this.#view(this.#board.threshold(id)!);
  }

  #find(id: string): Threshold | Refusal {
    return this.#board.threshold(id) ?? refuse("unknown_threshold", `there is no threshold "${id}" in this show`);
  }

  #view(definition: Threshold): ThresholdView {
    const fired = this.#board.cues().filter(({ cue }) => cue.threshold === definition.id);
    const progress = this.#progressOf(definition.id);
    return {
      definition,
      standing: standingOf(this.#board, definition),
      ...(progress ? { progress } : {}),
      fired: fired.map((cue) => {
        const confirmed = this.#board.confirmed(definition.id, cue.cue.epoch);
        return { cue, ...(confirmed ? { confirmedAt: confirmed.at } : {}) };
      }),
    };
  }

  /** Of the watcher that spoke last. */
  #progressOf(id: string): ThresholdView["progress"] {
    const latest = this.#board
      .progress()
      .filter(({ thresholds }) => thresholds[id] !== undefined)
      .sort((a, b) => b.at - a.at)[0];
    return latest && { ...latest.thresholds[id]!, at: latest.at };
  }

  #misfit(threshold: Threshold, doing: string): Refusal | undefined {
    // What a cue shows may be published after it is defined, not after it is armed.
    const asked = doing === "arming" ? threshold : { ...threshold, message: { kind: "text", text: "" } as const };
    const problems = thresholdProblems(asked, { polls: this.#board.polls(), content: this.#board.content() });
    if (problems.length === 0) return undefined;
    return refuse("threshold_unfit", `${doing} threshold "${threshold.id}": ${problems.join("; ")}`);
  }

  #over({ id, rule }: Threshold): Refusal | undefined {
    if (rule.kind === "present" || rule.poll === undefined) return undefined;
    const state = this.#host.pollState(rule.poll);
    if (state !== "final" && state !== "void") return undefined;
    return refuse("threshold_unfit", `arming threshold "${id}": poll "${rule.poll}" is ${state}, nothing more happens`);
  }
}

function mayFireAgain({ rule, urgent }: Threshold): boolean {
  return !urgent && !("every" in rule && rule.every !== undefined);
}

function inState(id: string, { is: state }: ThresholdStanding, what: string): Refusal {
  return refuse("threshold_state", `threshold "${id}" is ${state} and cannot ${what}`, { extra: { state } });
}
