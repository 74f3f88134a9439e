import type { Member } from "../../../crdt/member.ts";
import type { Store } from "../../../crdt/store/store.ts";

/** A process as monitor/ makes it; edge/ knows no more of it. */
export interface MonitorProcess {
  start(): void;
  stop(): Promise<void>;
  health(): { readonly ok: boolean; readonly problems: readonly string[] };
  /** In Prometheus' text format. */
  metrics(): string;
  /** An order processor's alone: its books of a show beside the provider's. */
  report?(show: string): Promise<object> | undefined;
  /** An order processor's alone: when it has something to do though nobody comes, ms since 1970. */
  nextDue?(): Promise<number | undefined>;
}

/** What a process keeps, opened before there is a member. */
export interface OpenedProcess {
  readonly store: Store;
  create(member: Member): MonitorProcess;
  close(): Promise<void>;
}
