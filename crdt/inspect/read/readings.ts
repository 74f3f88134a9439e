import type { Found, Presses, Seen } from "./ballots.ts";
import type { Entries } from "./entries.ts";
import type { LogReading } from "./log.ts";
import type { MemberStates } from "./states.ts";
import type { MemberStatus } from "./status.ts";
import type { Structs } from "./structs.ts";
import type { Thresholds } from "./thresholds.ts";
import type { Updates } from "./updates.ts";

/** What a member answers to each kind of question. */
export interface Readings {
  readonly status: MemberStatus;
  readonly states: MemberStates;
  readonly entries: Entries;
  readonly structs: Structs;
  readonly log: LogReading;
  readonly updates: Updates;
  readonly thresholds: Thresholds;
  readonly find: Found;
  readonly presses: Presses;
  readonly seen: Seen;
}
