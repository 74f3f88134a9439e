import { mayBeWritten, verdictOf, type Answer, type ReceiptAnswer } from "./answer.ts";
import type { Dice } from "./dice.ts";
import type { ChooseStep, Plan, Step } from "./plan.ts";

/** A simulated receiver between two events. */
export interface Receiver {
  readonly plan: Plan;
  /** Where it is now. */
  readonly edge: number;
  /** Number of the step under way. */
  readonly step: number;
  readonly phase: Phase;
  /** Everything that may have been written of it. */
  readonly trail: readonly Trace[];
}

/**
 *     waiting ── due ──► pressing ── counted, or no use ──► waiting for the next step, or done
 *                          │   ▲
 *                  no luck ▼   │ due
 *                        pausing
 */
export type Phase =
  | { readonly is: "waiting" }
  | { readonly is: "pressing"; readonly press: Press }
  | { readonly is: "pausing"; readonly press: Press }
  | { readonly is: "done" };

/** A press that is not settled. */
export interface Press {
  readonly number: number;
  readonly option: number;
  readonly k: number;
  readonly tries: number;
  /** Milliseconds by the audience's clock. */
  readonly firstSentAt: number;
}

/** A ballot that an edge has acknowledged, or may have written without our hearing of it. */
export interface Trace {
  readonly press: number;
  readonly option: number;
  readonly k: number;
  /** Undefined where nothing certain was heard. */
  readonly receipt: ReceiptAnswer | undefined;
}

/** What happens to a receiver. `now`: milliseconds by the audience's clock. */
export type Event =
  | { readonly is: "due"; readonly now: number }
  | { readonly is: "answered"; readonly now: number; readonly answer: Answer };

/** What it does next. */
export type Action =
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "send"; readonly edge: number; readonly press: Press; readonly patienceMs: number }
  | { readonly do: "finish" };

/** What the audience counts. */
export type Deed =
  | { readonly is: "acknowledged"; readonly afterMs: number }
  | { readonly is: "repeated" }
  | { readonly is: "moved"; readonly why: "by plan" | "by need" }
  | { readonly is: "renumbered" }
  | { readonly is: "unknown"; readonly press: Press }
  | { readonly is: "refused"; readonly press: Press };

export interface Decision {
  readonly receiver: Receiver;
  readonly action: Action;
  readonly deeds: readonly Deed[];
}

/** What a decision depends on besides the receiver and the event. */
export interface Rules {
  readonly edges: number;
  /** How long an answer is waited for, ms. */
  readonly timeoutMs: number;
  /** How long a press is tried, ms; after it the outcome is booked as unknown. */
  readonly deadlineMs: number;
}

export const DEFAULT_TIMEOUT_MS = 2000;
export const DEFAULT_DEADLINE_MS = 60_000;
/** Full jitter: a wait between 0 and this, doubled with each try up to the longest. */
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 8000;

export function newReceiver(plan: Plan): Receiver {
  return { plan, edge: plan.edge, step: 0, phase: { is: "waiting" }, trail: [] };
}

/** The next thing that a receiver does. Pure but for what it draws from `dice`. */
export function decide(receiver: Receiver, event: Event, rules: Rules, dice: Dice): Decision {
  const { phase } = receiver;
  switch (phase.is) {
    case "waiting":
      return begin(receiver, event.now, rules, dice);
    case "pausing":
      return send(receiver, phase.press, rules.timeoutMs, []);
    case "pressing":
      if (event.is === "due") throw new Error("a receiver that waits for an answer was woken by a timer");
      return hear(receiver, phase.press, event.answer, event.now, rules, dice);
    case "done":
      throw new Error("a receiver that is done was told of something");
  }
}

function begin(receiver: Receiver, now: number, rules: Rules, dice: Dice): Decision {
  const step = receiver.plan.steps[receiver.step]!;
  const press = pressOf(receiver, step, now);
  // Nothing to repeat: the first press came to nothing.
  if (!press) return next(receiver, []);
  switch (step.move.is) {
    case "none":
      return send(receiver, press, rules.timeoutMs, []);
    case "before":
      return send(elsewhere(receiver, rules, dice), press, rules.timeoutMs, [{ is: "moved", why: "by plan" }]);
    case "during":
      return send(receiver, press, Math.min(step.move.patienceMs, rules.timeoutMs), []);
  }
}

function pressOf({ trail }: Receiver, step: Step, firstSentAt: number): Press | undefined {
  switch (step.is) {
    case "choose":
      return { number: numberFor(trail, step), option: step.option, k: step.k, tries: 0, firstSentAt };
    case "repeat": {
      const first = trail.find(({ receipt }) => receipt);
      return first && { number: first.press, option: first.option, k: first.k, tries: 0, firstSentAt };
    }
  }
}

function numberFor(trail: readonly Trace[], { k, memory }: ChooseStep): number {
  if (memory === "lost") return 1;
  return trail.reduce((most, trace) => (trace.k === k && trace.press > most ? trace.press : most), 0) + 1;
}

function send(receiver: Receiver, press: Press, patienceMs: number, deeds: readonly Deed[]): Decision {
  const action: Action = { do: "send", edge: receiver.edge, press, patienceMs };
  return { receiver: { ...receiver, phase: { is: "pressing", press } }, action, deeds };
}

function hear(receiver: Receiver, press: Press, answer: Answer, now: number, rules: Rules, dice: Dice): Decision {
  const after = mayBeWritten(answer) ? { ...receiver, trail: [...receiver.trail, traceOf(press, answer)] } : receiver;
  const verdict = verdictOf(answer);
  switch (verdict) {
    case "counted":
      return next(after, acknowledged(after, now - press.firstSentAt));
    case "renumber":
      return renumber(after, press, answer, now, rules);
    case "end":
      return giveUp(after, press);
    case "later":
    case "elsewhere":
      if (now - press.firstSentAt >= rules.deadlineMs) return giveUp(after, press);
      return tryAgain(after, press, answer, verdict, rules, dice);
  }
}

function traceOf({ number: press, option, k }: Press, answer: Answer): Trace {
  return { press, option, k, receipt: answer.is === "receipt" ? answer : undefined };
}

function acknowledged({ plan, step }: Receiver, afterMs: number): Deed[] {
  const deed: Deed = { is: "acknowledged", afterMs };
  return plan.steps[step]!.is === "repeat" ? [deed, { is: "repeated" }] : [deed];
}

/** The newest choice only: a repeated press that is out of date is dropped, as a real receiver's is. */
function renumber(receiver: Receiver, press: Press, answer: Answer, now: number, rules: Rules): Decision {
  const isRepeat = receiver.plan.steps[receiver.step]!.is === "repeat";
  if (isRepeat) return next(receiver, [{ is: "repeated" }]);
  const known = answer.is === "refused" ? answer.knownPress : undefined;
  if (known === undefined || now - press.firstSentAt >= rules.deadlineMs) return giveUp(receiver, press);
  return send(receiver, { ...press, number: known + 1, tries: press.tries + 1 }, rules.timeoutMs, [
    { is: "renumbered" },
  ]);
}

function tryAgain(
  receiver: Receiver,
  press: Press,
  answer: Answer,
  verdict: "later" | "elsewhere",
  rules: Rules,
  dice: Dice,
): Decision {
  const again: Press = { ...press, tries: press.tries + 1 };
  if (answer.is === "failed" && answer.reason === "left")
    return send(elsewhere(receiver, rules, dice), again, rules.timeoutMs, [{ is: "moved", why: "by plan" }]);
  const moves = verdict === "elsewhere" && rules.edges > 1;
  const next = moves ? elsewhere(receiver, rules, dice) : receiver;
  const asked = answer.is === "refused" ? answer.retryAfterMs : 0;
  // What one edge asks for does not bind the others, until all of them have had their say.
  const least = moves && again.tries < rules.edges ? 0 : asked;
  const ms = least + backoff(press.tries, dice);
  const deeds: Deed[] = moves ? [{ is: "moved", why: "by need" }] : [];
  return { receiver: { ...next, phase: { is: "pausing", press: again } }, action: { do: "sleep", ms }, deeds };
}

function backoff(tries: number, dice: Dice): number {
  return dice.next() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** tries);
}

function giveUp(receiver: Receiver, press: Press): Decision {
  const { number, k, option } = press;
  const ofPress = receiver.trail.filter((trace) => trace.press === number && trace.k === k && trace.option === option);
  const heard = ofPress.length === 0 || ofPress.some(({ receipt }) => receipt);
  return next(receiver, [{ is: heard ? "refused" : "unknown", press }]);
}

function next(receiver: Receiver, deeds: readonly Deed[]): Decision {
  const step = receiver.step + 1;
  const coming = receiver.plan.steps[step];
  if (!coming) return { receiver: { ...receiver, step, phase: { is: "done" } }, action: { do: "finish" }, deeds };
  return {
    receiver: { ...receiver, step, phase: { is: "waiting" } },
    action: { do: "sleep", ms: coming.waitMs },
    deeds,
  };
}

function elsewhere(receiver: Receiver, { edges }: Rules, dice: Dice): Receiver {
  return edges < 2 ? receiver : { ...receiver, edge: (receiver.edge + 1 + dice.below(edges - 1)) % edges };
}
