/**
 * gdnsd's model of health: how many checks in a row, or in all, it takes to change one's mind.
 *
 *     up ── `down` failures without `ok` successes in a row between ──► down
 *     up ◄── `up` successes in a row ── down
 */
export interface Thresholds {
  /** Successes in a row that bring an edge back. */
  readonly up: number;
  /** Successes in a row that make earlier failures forgotten. */
  readonly ok: number;
  /** Failures that take an edge out. */
  readonly down: number;
}

/**
 * With a check each half second that may take a second, one that refuses is out within 1 s and one that hangs within
 * 2.5 s (gdnsd's own defaults, 20, 10, 10 and 8 s, take over a minute).
 */
export const DEFAULT_THRESHOLDS: Thresholds = { up: 3, ok: 10, down: 2 };

/** What is remembered of one edge's checks. */
export type HealthState =
  | { readonly is: "up"; readonly failures: number; readonly successesInARow: number }
  | { readonly is: "down"; readonly successesInARow: number };

/** Before the first check an edge is believed to be up: a steering that restarts must not send everyone away. */
export const ASSUMED_UP: HealthState = { is: "up", failures: 0, successesInARow: 0 };

/** The state after one more check. */
export function afterCheck(state: HealthState, succeeded: boolean, thresholds: Thresholds): HealthState {
  switch (state.is) {
    case "up":
      return succeeded ? afterSuccess(state, thresholds) : afterFailure(state, thresholds);
    case "down": {
      const successesInARow = succeeded ? state.successesInARow + 1 : 0;
      return successesInARow >= thresholds.up ? ASSUMED_UP : { is: "down", successesInARow };
    }
  }
}

type Up = Extract<HealthState, { is: "up" }>;

function afterSuccess({ failures, successesInARow }: Up, { ok }: Thresholds): HealthState {
  if (failures === 0 || successesInARow + 1 >= ok) return ASSUMED_UP;
  return { is: "up", failures, successesInARow: successesInARow + 1 };
}

function afterFailure({ failures }: Up, { down }: Thresholds): HealthState {
  if (failures + 1 >= down) return { is: "down", successesInARow: 0 };
  return { is: "up", failures: failures + 1, successesInARow: 0 };
}
