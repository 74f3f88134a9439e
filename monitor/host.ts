import type { Member } from "../crdt/member.ts";
import type { Store } from "../crdt/store/store.ts";
import { openPermanentDatabase } from "./database.ts";
import { metricsText } from "./metrics.ts";
import { Process, type Duty, type ProcessHealth } from "./process.ts";
import { Recorder } from "./recorder.ts";

/** What a process is to be, as its configuration says it. */
export interface ProcessPlan {
  readonly role: "recorder" | "watcher" | "monitor";
  readonly store: DatabasePlace;
}

/** `file:PATH`, or a libSQL server. */
interface DatabasePlace {
  readonly url: string;
  readonly authToken?: string;
  readonly relaxed: boolean;
}

/** What a process keeps, opened before there is a member. */
export interface OpenedProcess {
  /** The member's. */
  readonly store: Store;
  create(member: Member): HostedProcess;
  close(): Promise<void>;
}

/** A process as whoever runs it sees it. */
export interface HostedProcess {
  start(): void;
  round(): Promise<void>;
  stop(): Promise<void>;
  health(): ProcessHealth;
  /** In Prometheus' text format. */
  metrics(): string;
}

/** Opens what the duties of a process keep. */
export async function openProcess({ store: { url, ...options } }: ProcessPlan): Promise<OpenedProcess> {
  const { store, finals } = await openPermanentDatabase(url, options);
  return {
    store,
    create: (member) => hosted(member, [new Recorder(member, store, finals)]),
    close: () => store.close(),
  };
}

function hosted(member: Member, duties: readonly Duty[]): HostedProcess {
  const process = new Process(member, duties);
  return {
    start: () => process.start(),
    round: () => process.round(),
    stop: () => process.stop(),
    health: () => process.health(),
    metrics: () => metricsText(process.health()),
  };
}
