// Opens an edge's log again, as its next boot does, in a process that has done nothing yet. Prints a line of `Reopened`.
import { Member } from "../../../crdt/member.ts";
import { identityFrom } from "../../../crdt/replicate/introduction.ts";
import { openLibsqlStore } from "../../../crdt/store/libsql.ts";
import { readConfigFile } from "../../../edge/runtime/host/config-file.ts";
import { POLL, SHOW_ID } from "../support/ballots.ts";
import { ownCpu } from "../support/cpu.ts";
import { programArgs, tellParent } from "../support/program.ts";
import { VirtualTime } from "../support/virtual-time.ts";

export interface Reopened {
  readonly cpuSeconds: number;
  readonly seconds: number;
  /** Ballots folded when it was open. */
  readonly ballots: number;
}

const config = readConfigFile(programArgs<{ config: string }>().config);
const began = performance.now();
let member: Member | undefined;
const cpu = await ownCpu(async () => {
  member = await Member.open({
    identity: identityFrom(config.name, "edge", config.keys.private),
    listens: true,
    peers: [],
    store: await openLibsqlStore(config.store.url),
    world: { ...new VirtualTime().world(), clock: Date },
    dial: () => Promise.reject(new Error("an edge alone dials nobody")),
    subscribe: () => [0],
  });
});
const seconds = (performance.now() - began) / 1000;
const { anonymous } = member!.replica(SHOW_ID)!.counts(POLL.index);
tellParent({
  cpuSeconds: cpu / 1e6,
  seconds,
  ballots: anonymous.reduce((sum, count) => sum + count, 0),
} satisfies Reopened);
process.exit(0);
