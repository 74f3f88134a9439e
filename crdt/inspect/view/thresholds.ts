import * as v from "valibot";
import type { FiredCue } from "../../threshold.ts";
import type { Answer } from "../inspector.ts";
import type { SeenCue, StandingThreshold, Thresholds } from "../read/thresholds.ts";
import type { Message, Shown } from "../report.ts";
import { showParam } from "./params.ts";
import { view } from "./view.ts";

export interface ThresholdsData {
  readonly thresholds: readonly StandingThreshold[];
  readonly cues: readonly CueHistory[];
}

/** A cue from its cause to the encoder; times by the asked member's clock. */
export interface CueHistory {
  readonly fired: FiredCue;
  /** When each replica saw it, and how long after the crossing, ms. */
  readonly seen: readonly { readonly member: string; readonly at: number; readonly afterMs: number }[];
  /** Members that answer and do not have it. */
  readonly absentAt: readonly string[];
  readonly confirmed?: { readonly by: string; readonly at: number; readonly afterMs: number };
}

/** How long the encoder may take to have a cue, ms; then somebody should look. */
export const CONFIRM_MS = 2_000;
/** Watchers say how far thresholds are several times a second: from this age on what they said is old, ms. */
export const PROGRESS_MS = 5_000;

export function showThresholds(answers: readonly Answer<Thresholds>[], now: number): Shown<ThresholdsData> {
  const first = answers.find(({ reading }) => reading !== undefined)?.reading;
  const thresholds = first?.thresholds ?? [];
  const cues = historyOf(answers);
  const messages = [
    ...cues.flatMap((cue) => unconfirmed(cue, now)),
    ...thresholds.flatMap((standing) => unwatched(standing, cues, now)),
  ];
  return { data: { thresholds, cues }, messages };
}

/** Every cue that anybody has, in the order of firing. */
export function historyOf(answers: readonly Answer<Thresholds>[]): CueHistory[] {
  const fired = new Map<string, FiredCue>();
  for (const { reading } of answers) for (const cue of reading?.cues ?? []) fired.set(cue.fired.cue.id, cue.fired);
  const histories = [...fired.values()].map((each) => historyOfCue(each, answers));
  return histories.sort((a, b) => a.fired.cue.firedAt - b.fired.cue.firedAt);
}

function historyOfCue(fired: FiredCue, answers: readonly Answer<Thresholds>[]): CueHistory {
  const { id, firedAt } = fired.cue;
  const has = ({ reading }: Answer<Thresholds>): SeenCue | undefined =>
    reading?.cues.find((cue) => cue.fired.cue.id === id);
  const seen = answers.flatMap((answer) => {
    const at = has(answer)?.at;
    return at === undefined
      ? []
      : [{ member: answer.member, at: at - answer.offsetMs, afterMs: at - answer.offsetMs - firedAt }];
  });
  const absentAt = answers.filter((answer) => answer.reading && !has(answer)).map(({ member }) => member);
  const confirmed = answers.map((answer) => has(answer)?.confirmed).find((each) => each !== undefined);
  return { fired, seen, absentAt, ...(confirmed && { confirmed: { ...confirmed, afterMs: confirmed.at - firedAt } }) };
}

function unconfirmed({ fired: { cue }, confirmed }: CueHistory, now: number): Message[] {
  if (confirmed || now - cue.firedAt < CONFIRM_MS) return [];
  return [
    {
      code: "encoder_unconfirmed",
      severity: "error",
      text: `the encoder has not confirmed cue "${cue.threshold}" ${cue.epoch}, fired ${Math.round((now - cue.firedAt) / 1000)} s ago`,
      fix: "Look at the encoder and at the watcher's link to it; the watcher keeps trying.",
    },
  ];
}

function unwatched(
  { threshold: { id }, armed, disarmed, progress }: StandingThreshold,
  cues: readonly CueHistory[],
  now: number,
): Message[] {
  const fired = cues.filter(({ fired: { cue } }) => cue.threshold === id).length;
  const newest = Math.max(0, ...progress.map(({ at }) => at));
  if (armed.length <= fired || disarmed || now - newest < PROGRESS_MS) return [];
  return [
    {
      code: "watcher_away",
      severity: "error",
      text: `threshold "${id}" is armed, and no watcher has said anything of it for a while`,
      fix: "Start a watcher, or look why it is not ready: see `inspect status`.",
    },
  ];
}

export const thresholds = view({
  summary: "how far thresholds are, and each cue from its cause to the encoder",
  params: v.strictObject({ show: showParam }),
  run: async ({ inspector }, { show }) => {
    const asked = await inspector.gather({ ask: "thresholds", show });
    return { shown: showThresholds(asked, inspector.member.world.clock.now()), asked };
  },
});
