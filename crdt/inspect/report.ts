/** What a view says that somebody should know, the worst first. */
export interface Message {
  /** Stays the same for ever: what alerts go by. */
  readonly code: MessageCode;
  readonly severity: Severity;
  readonly text: string;
  /** What to do about it. */
  readonly fix: string;
}

export const SEVERITIES = ["error", "warning", "note"] as const;
export type Severity = (typeof SEVERITIES)[number];

export type MessageCode =
  | "member_silent"
  | "link_closed"
  | "clock_untrusted"
  | "twins"
  | "not_ready"
  | "forked"
  | "damaged"
  | "crowded"
  | "unpruned"
  | "behind"
  | "gap"
  | "deletions_differ"
  | "differs"
  | "tombstones"
  | "encoder_unconfirmed"
  | "watcher_away"
  | "ballot_stuck"
  | "not_found";

/** One view at one moment, as JSON has it. */
export interface Report<D = unknown> {
  /** Of this envelope; what is in `data` only ever gains members within a version. */
  readonly version: 1;
  readonly view: string;
  /** Milliseconds since 1970 by the asked member's clock. */
  readonly at: number;
  /** The member that was asked, and gathered the rest. */
  readonly by: string;
  readonly members: readonly Asking[];
  readonly messages: readonly Message[];
  readonly data: D;
}

/** What became of asking one member. */
export interface Asking {
  readonly name: string;
  readonly answered: boolean;
  /** Why not: there is no link to it, or it did not answer in time. */
  readonly why?: "no link" | "no answer";
  /** When it last compared itself with the asked member, ms since 1970. */
  readonly heardAt?: number;
}

/** What a view makes of the answers. */
export interface Shown<D> {
  readonly data: D;
  readonly messages: readonly Message[];
}

/** The worst first; of one severity as they came. */
export function worstFirst(messages: readonly Message[]): Message[] {
  return messages.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}
