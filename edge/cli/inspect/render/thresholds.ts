import type { CueHistory, ThresholdsData } from "../../../../crdt/inspect/view/thresholds.ts";
import { duration, grouped, style, tableOf } from "../../output.ts";
import { clockTime } from "./lag.ts";

export function thresholdsText({ thresholds, cues }: ThresholdsData): string {
  const rows = thresholds.map(({ threshold: { id, rule }, armed, disarmed, progress }) => {
    const newest = progress.toSorted((a, b) => b.at - a.at)[0];
    const state = disarmed ? "disarmed" : armed.length > 0 ? `armed ${armed.length}` : "not armed";
    const distance = newest ? `${grouped(newest.value)} of ${grouped(newest.target)}` : "";
    const speed = newest && newest.perSecond > 0 ? `${newest.perSecond.toFixed(1)}/s` : "";
    const remaining = newest?.remainingMs === undefined ? "" : duration(newest.remainingMs);
    return [id, rule.kind, state, distance, speed, remaining];
  });
  const table = tableOf([["threshold", "rule", "state", "distance", "speed", "in"], ...rows]);
  return [thresholds.length === 0 ? "no thresholds" : table, ...cues.map(cueText)].join("\n");
}

function cueText({ fired: { cue, value, by }, seen, absentAt, confirmed }: CueHistory): string {
  const boards = seen.map(({ member, afterMs }) => `${member} +${Math.round(afterMs)} ms`).join(", ");
  const absent = absentAt.length > 0 ? style("yellow", `, not at ${absentAt.join(", ")}`) : "";
  const encoder = confirmed
    ? `encoder +${Math.round(confirmed.afterMs)} ms, told to ${confirmed.by}`
    : style("yellow", "the encoder has not confirmed it");
  return [
    `${style("bold", `${cue.threshold} ${cue.epoch}`)} fired ${clockTime(cue.firedAt)} at ${grouped(value)}, seen by ${by}; event ${cue.eventId}`,
    `  boards: ${boards}${absent}`,
    `  ${encoder}`,
  ].join("\n");
}
