// A real edge without peers, over a store in memory, in a world that stands still until the test moves it.
import { Member } from "../../crdt/member.ts";
import { newIdentity } from "../../crdt/replicate/introduction.ts";
import type { Replica } from "../../crdt/replica.ts";
import type { Product } from "../../crdt/shop.ts";
import type { Poll } from "../../crdt/show.ts";
import { MemoryDisk } from "../../crdt/store/memory.ts";
import { FLUSH_INTERVAL_MS } from "../../crdt/writer.ts";
import { Edge } from "../../edge/edge.ts";
import { isRefusal, type Refusal } from "../../edge/refusal.ts";
import type { BallotRequest, ShowService } from "../../edge/service.ts";
import { answerOf } from "./answer-of.ts";
import { NotedStore } from "./noted-store.ts";
import { ManualWorld, settle } from "./world.ts";

export const SHOW = "final";

export interface LoneEdge {
  readonly world: ManualWorld;
  readonly store: NotedStore;
  readonly member: Member;
  readonly edge: Edge;
  /** Why this boot had to end. */
  readonly ended: Error[];
}

/** Starts edge "fra" on `disk`, where earlier boots may have been. */
export async function startLoneEdge(
  world = new ManualWorld(),
  disk = new MemoryDisk(),
  joins: "at once" | "when needed" = "at once",
): Promise<LoneEdge> {
  const store = new NotedStore(disk);
  const ended: Error[] = [];
  const member = await Member.open({
    identity: newIdentity("fra", "edge", world.random),
    listens: true,
    peers: [],
    store,
    world,
    dial: () => Promise.reject(new Error("a lone edge dials nobody")),
    subscribe: (shards) => Array.from({ length: shards }, (_, shard) => shard),
    onlost: (error) => ended.push(error),
  });
  const network = new Uint8Array(32).fill(7);
  const edge = new Edge(member, { region: "eu", address: "http://fra.test", network, joins });
  edge.start();
  return { world, store, member, edge, ended };
}

/** Lets time pass, and what is under way come to its end after each step of it. */
export async function pass(world: ManualWorld, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    world.advance(Math.min(50, left));
    await settle();
  }
}

export async function createShow(
  { edge, world }: LoneEdge,
  polls: readonly Poll[],
  products: readonly Product[] = [],
): Promise<ShowService> {
  const show = wanted(await edge.createShow({ id: SHOW, title: "The final", shards: 1, polls, products }, "producer"));
  await pass(world, 200);
  return show;
}

export function replicaOf({ member }: LoneEdge): Replica {
  return member.replica(SHOW)!;
}

export function request(given: Partial<BallotRequest> = {}): BallotRequest {
  return { subject: "anna", signed: false, poll: "best", option: "red", press: 1, k: 1, level: "local", ...given };
}

/** Votes, and lets the flush come. */
export async function vote({ edge, world }: LoneEdge, given: Partial<BallotRequest> = {}) {
  const answer = answerOf(wanted(edge.show(SHOW)), request(given));
  await settle();
  await pass(world, FLUSH_INTERVAL_MS);
  return answer;
}

/** The value, where a test wants no refusal. */
export function wanted<T extends object>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new Error(`refused: ${answer.refused}: ${answer.detail}`);
  return answer;
}
