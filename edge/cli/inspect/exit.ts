import type { MessageCode, Report } from "../../../crdt/inspect/report.ts";

/** What the exit codes of `inspect`, `why` and `verify` mean, for CI and alerts. */
export const EXIT = {
  fine: 0,
  /** The command line is wrong. */
  usage: 1,
  /** Nobody answers, or not everybody does. */
  unreachable: 2,
  /** There is no such show, document or receipt. */
  notFound: 3,
  /** Replicas hold, or say, what they must not. */
  diverged: 4,
} as const;

const DIVERGED: ReadonlySet<MessageCode> = new Set([
  "gap",
  "behind",
  "deletions_differ",
  "differs",
  "forked",
  "damaged",
]);

/** The worst of what a report says. Being behind for a moment is no divergence: only an error counts as one. */
export function exitCodeOf({ members, messages }: Pick<Report, "members" | "messages">): number {
  if (messages.some(({ code, severity }) => severity === "error" && DIVERGED.has(code))) return EXIT.diverged;
  if (members.some(({ answered }) => !answered)) return EXIT.unreachable;
  return messages.some(({ code }) => code === "not_found") ? EXIT.notFound : EXIT.fine;
}
