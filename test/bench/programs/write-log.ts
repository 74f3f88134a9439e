// Writes an edge's log: a boot of the edge itself, its show and ballots, flush by flush, as the edge would. Prints a line.
import { Member } from "../../../crdt/member.ts";
import { identityFrom } from "../../../crdt/replicate/introduction.ts";
import { openLibsqlStore } from "../../../crdt/store/libsql.ts";
import { Edge } from "../../../edge/edge.ts";
import { isRefusal } from "../../../edge/refusal.ts";
import { readConfigFile } from "../../../edge/runtime/host/config-file.ts";
import { POLL_DEFINITION, POLL_ID, SHOW_ID } from "../support/ballots.ts";
import { flush } from "../support/memory-member.ts";
import { programArgs, tellParent } from "../support/program.ts";
import { VirtualTime } from "../support/virtual-time.ts";

export interface LogArgs {
  /** The configuration of an edge that has no peers. */
  readonly config: string;
  readonly ballots: number;
  readonly perFlush: number;
}

const { config: path, ballots, perFlush } = programArgs<LogArgs>();
const config = readConfigFile(path);
const store = await openLibsqlStore(config.store.url);
const world = { ...new VirtualTime().world(), clock: Date };
const member = await Member.open({
  identity: identityFrom(config.name, "edge", config.keys.private),
  listens: true,
  peers: [],
  store,
  world,
  dial: () => Promise.reject(new Error("an edge alone dials nobody")),
  subscribe: () => [0],
});
const edge = new Edge(member, { region: config.region, address: "http://fra", network: config.keys.network });
const show = await edge.createShow({ id: SHOW_ID, title: "Final", shards: 1, polls: [POLL_DEFINITION] }, "bench");
if (isRefusal(show)) throw new Error(`creating the show: ${show.detail}`);
await show.deeds.arm(POLL_ID, "bench");
await show.deeds.open(POLL_ID, "bench");
const replica = member.replica(SHOW_ID)!;
for (let from = 0; from < ballots; from += perFlush)
  await flush(replica, from, Math.min(perFlush, ballots - from), world.clock.now());
await store.close();
tellParent({ ballots });
