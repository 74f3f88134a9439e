/**
 * An object costs money while it is in memory, and any open link keeps it there. So links are for as long as a show
 * needs them, and an object without a reason to stay lets go of them:
 *
 *     asleep ── request, message, link, alarm ──► awake ── no reason any more ──► asleep
 *
 * An edge that has a reason of its own keeps the recorder awake, and the recorder, which dials every edge, all of them.
 */
export interface Circumstances {
  /** Milliseconds since 1970, as all times here. */
  readonly now: number;
  readonly wokenAt: number;
  /** When a receiver, a producer or a reader last asked for something. */
  readonly askedAt: number;
  /** A poll takes ballots, is about to or waits for its result, or something is not recorded. */
  readonly isBusy: boolean;
  /** Readers or greeting receivers are connected: their sockets do not outlive the object's memory. */
  readonly hasReaders: boolean;
  /** The recorder has a link with this object. */
  readonly isRecorded: boolean;
}

/** How long an object stays awake for the next request after one, ms: a show's page is asked for every few seconds. */
export const LINGER_MS = 60_000;
/** How long one that only a link or an alarm has woken waits for a reason, ms. */
export const DOZE_MS = 10_000;

/** The object's own reason to stay awake, and to keep the recorder so. */
export function ownReason({ now, askedAt, isBusy, hasReaders }: Circumstances): string | undefined {
  if (isBusy) return "a show is under way";
  if (hasReaders) return "readers are connected";
  return now - askedAt < LINGER_MS ? "it was asked for something" : undefined;
}

export function reasonToStay(circumstances: Circumstances): string | undefined {
  const { now, wokenAt, isRecorded } = circumstances;
  const own = ownReason(circumstances);
  if (own !== undefined) return own;
  if (isRecorded) return "the recorder is awake";
  return now - wokenAt < DOZE_MS ? "it has just woken" : undefined;
}
