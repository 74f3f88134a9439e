import type { Board } from "./board.ts";
import type { Declaration } from "./deed.ts";
import type { FiredCue, Threshold } from "./threshold.ts";

/** The most often that a threshold fires: each firing stands on the board for as long as the show lives. */
export const MAX_EPOCHS = 1000;

/**
 * Where a threshold stands. Each firing is an epoch, numbered from 1:
 *
 *     draft ──arm──► arming ──event id reserved──► armed ──crossed──► fired ──arm again──► arming …
 *                       └───────── disarm ──────────┴──► disarmed
 *
 * One that is crossed again at each further N arms itself for the next epoch.
 */
export type ThresholdStanding =
  | { readonly is: "draft" }
  | { readonly is: "arming"; readonly epoch: number }
  | { readonly is: "armed"; readonly epoch: number; readonly eventId: number }
  | { readonly is: "fired"; readonly epoch: number; readonly cue: FiredCue }
  | { readonly is: "disarmed"; readonly by: Declaration };

/** What the board says of a threshold. */
export function standingOf(board: Board, { id, rule }: Threshold): ThresholdStanding {
  const by = board.disarmed(id);
  if (by) return { is: "disarmed", by };
  if (!board.armed(id, 1)) return { is: "draft" };
  const last = lastFired(board, id);
  const epoch = (last?.cue.epoch ?? 0) + 1;
  const armsItself = "every" in rule && rule.every !== undefined;
  if (last && (epoch > MAX_EPOCHS || !(armsItself || board.armed(id, epoch))))
    return { is: "fired", epoch: last.cue.epoch, cue: last };
  const eventId = board.eventId(id, epoch);
  return eventId === undefined ? { is: "arming", epoch } : { is: "armed", epoch, eventId };
}

/** Epochs fire in their order, so the first that has not is the next. */
function lastFired(board: Board, id: string): FiredCue | undefined {
  let last: FiredCue | undefined;
  for (let epoch = 1; epoch <= MAX_EPOCHS; epoch++) {
    const cue = board.cue(id, epoch);
    if (!cue) break;
    last = cue;
  }
  return last;
}
