import { Member } from "../../../crdt/member.ts";
import type { DatabaseOptions } from "../../../crdt/store/libsql-database.ts";
import type { Store } from "../../../crdt/store/store.ts";
import type { RecorderConfig } from "../../config.ts";
import { memberOptions, type Running } from "./member.ts";
import type { Surroundings } from "./run-member.ts";

/** A process as monitor/ makes it; edge/ knows no more of it. */
export interface MonitorProcess {
  start(): void;
  stop(): Promise<void>;
}

/** What a process keeps, opened before there is a member. */
export interface ProcessStore {
  readonly store: Store;
  readonly create: (member: Member) => MonitorProcess;
}

/** Puts a process together: a member that dials every edge, and what monitor/ does with it. */
export async function startProcess(
  config: RecorderConfig,
  surroundings: Surroundings,
  open: (url: string, options: DatabaseOptions) => Promise<ProcessStore>,
): Promise<Running> {
  const { url, authToken, relaxed } = config.store;
  const { store, create } = await open(url, { relaxed, ...(authToken === undefined ? {} : { authToken }) });
  const member = await Member.open(memberOptions(config, store, surroundings));
  const started = create(member);
  started.start();
  const { world, door } = surroundings;
  world.log("info", `${config.role} is up`, { boot: member.boot, store: url, runtime: door.runtime });
  const stop = async () => {
    await started.stop();
    await store.close();
  };
  return { stop };
}
