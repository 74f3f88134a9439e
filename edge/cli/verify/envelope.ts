import type { Message } from "../../../crdt/inspect/report.ts";
import type { PollReport } from "./poll-report.ts";
import type { VerifyReport } from "./verify.ts";

/** What verifying has shown, as JSON: the inspector's envelope, though no member made it. */
export interface VerifyEnvelope {
  readonly version: 1;
  readonly view: "verify";
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly messages: readonly Message[];
  readonly data: VerifyReport;
}

export function verifyEnvelope(report: VerifyReport, at: number): VerifyEnvelope {
  return { version: 1, view: "verify", at, messages: report.polls.flatMap(messagesOf), data: report };
}

function messagesOf({ poll, differences }: PollReport): Message[] {
  return differences.map(({ where, what }) => ({
    code: "differs",
    severity: "error",
    text: `poll "${poll}": ${where}: ${what}`,
    fix: "Compare with the database, which holds every batch; what differs from it is damaged, behind, or tampered with.",
  }));
}
