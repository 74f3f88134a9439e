import type { Declaration } from "../../deed.ts";
import type { Replica } from "../../replica.ts";
import type { FiredCue, Threshold, ThresholdProgress } from "../../threshold.ts";

/** Thresholds and cues as one member's board has them. */
export interface Thresholds {
  readonly thresholds: readonly StandingThreshold[];
  readonly cues: readonly SeenCue[];
}

export interface StandingThreshold {
  readonly threshold: Threshold;
  /** Who armed it, a firing each. */
  readonly armed: readonly Declaration[];
  readonly disarmed?: Declaration;
  /** What watchers last said of it. */
  readonly progress: readonly (ThresholdProgress & { readonly at: number })[];
}

export interface SeenCue {
  readonly fired: FiredCue;
  /** When the cue came to this member's board, ms since 1970 by its clock; absent where that is forgotten. */
  readonly at?: number;
  /** The encoder has it: which watcher was told so, and when. */
  readonly confirmed?: Declaration;
}

/** Firings of one threshold that are looked for. */
const MAX_EPOCHS = 100;

export function readThresholds(replica: Replica): Thresholds {
  const { board } = replica;
  return {
    thresholds: board.thresholds().map((threshold) => readThreshold(replica, threshold)),
    cues: board.cues().map((fired) => {
      const { threshold, epoch } = fired.cue;
      const confirmed = board.confirmed(threshold, epoch);
      return { fired, ...cameAt(replica, `cue/${threshold}/${epoch}`), ...(confirmed && { confirmed }) };
    }),
  };
}

function readThreshold({ board }: Replica, threshold: Threshold): StandingThreshold {
  const epochs = Array.from({ length: MAX_EPOCHS }, (_, i) => board.armed(threshold.id, i + 1));
  const disarmed = board.disarmed(threshold.id);
  const progress = board.progress().flatMap(({ at, thresholds }) => {
    const own = thresholds[threshold.id];
    return own ? [{ ...own, at }] : [];
  });
  return { threshold, armed: epochs.filter((each) => each !== undefined), ...(disarmed && { disarmed }), progress };
}

/** Looks at the struct that holds a key's value: whose it is, and at which clock. */
function cameAt(replica: Replica, key: string): { at: number } | undefined {
  const { doc } = replica.board;
  const id = doc.share.get("board")?._map.get(key)?.lastId;
  const [name] = replica.documents();
  const at = id && replica.recentUpdates(name!)?.cameAt(id.client, id.clock);
  return at === undefined ? undefined : { at };
}
