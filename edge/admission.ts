import { MAX_PRESS } from "../crdt/ballot.ts";
import { windowRefusal, type PollState } from "../crdt/poll.ts";
import type { Poll } from "../crdt/show.ts";
import type { KnownBallot } from "../crdt/tally.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** A ballot as it was asked for, its names resolved. */
export interface Asked {
  readonly option: number;
  readonly press: number;
  readonly k: number;
}

/** Whether the poll takes ballots now; undefined where it does. */
export function refuseWindow(poll: Poll, state: PollState): Refusal | undefined {
  const outside = windowRefusal(state);
  switch (outside) {
    case undefined:
      return undefined;
    case "poll_not_open":
      return refuse(outside, `poll "${poll.id}" is ${state}: it takes ballots once it is open`, { retryAfterS: 1 });
    case "poll_closed":
    case "poll_void":
      return refuse(outside, `poll "${poll.id}" is ${state} and takes no more ballots`);
  }
}

/**
 * Whether a ballot agrees with what is known of its receiver in the poll, by k. A retry (same press, same option) is
 * admitted again: it is no second vote, and its receipt is as good. Undefined where the ballot may be written.
 */
export function refuseBallot(poll: Poll, asked: Asked, known: readonly KnownBallot[]): Refusal | undefined {
  if (!(asked.press >= 1 && asked.press <= MAX_PRESS))
    return refuse("malformed", `press is ${asked.press}, wanted 1 to ${MAX_PRESS}`);
  if (!(asked.k >= 1 && asked.k <= poll.votes))
    return refuse("vote_out_of_range", `k is ${asked.k}, and poll "${poll.id}" gives a receiver ${poll.votes} of them`);
  const earlier = known.find((ballot) => ballot.k === asked.k);
  if (!earlier || isRetry(asked, earlier)) return undefined;
  const extra = { known_press: earlier.press, known_option: poll.options[earlier.option]?.id };
  if (asked.press === earlier.press)
    return refuse(
      "press_conflict",
      `press ${asked.press} was for another option; number the newest choice ${earlier.press + 1}`,
      { extra },
    );
  if (poll.mode === "first")
    return refuse("already_voted", `this receiver has voted in poll "${poll.id}", where the first ballot counts`, {
      extra,
    });
  if (asked.press < earlier.press)
    return refuse("press_stale", `press ${asked.press} is older than the known ${earlier.press}`, { extra });
  return undefined;
}

function isRetry(asked: Asked, earlier: KnownBallot): boolean {
  return asked.press === earlier.press && asked.option === earlier.option;
}
