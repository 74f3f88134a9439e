import type { MemberOptions } from "../../../crdt/member.ts";
import { identityFrom } from "../../../crdt/replicate/introduction.ts";
import type { Store } from "../../../crdt/store/store.ts";
import type { Config } from "../../config.ts";
import type { Surroundings } from "./run-member.ts";

/** What a running member can be asked for. */
export interface Running {
  /** Lets go of everything in order: new work is refused, what was taken is durable and pushed. */
  stop(): Promise<void>;
}

/** Who a member is on the backbone, and on what it stands. Edges listen there, and those processes that others dial. */
export function memberOptions(config: Config, store: Store, { door, world, onlost }: Surroundings): MemberOptions {
  const { name, role, keys, clock } = config;
  return {
    identity: identityFrom(name, roleOf(role), keys.private),
    listens: config.backbone !== undefined,
    relays: role === "hub",
    peers: config.peers.map(({ key, role: theirs, ...peer }) => ({ ...peer, role: roleOf(theirs), publicKey: key })),
    store,
    world,
    dial: door.dial,
    subscribe: everyShard,
    clockTrusted: clock.trusted,
    // A process keeps every batch, to fold it again. One that writes no chain may write again what a failed write left.
    ...(role === "edge" ? {} : { permanent: true }),
    ...(role === "edge" || role === "orders" ? { onlost } : {}),
    keepsVoters: role === "edge" ? config.watch : role === "watcher" || role === "monitor" || role === "hub",
  };
}

function roleOf(role: Config["role"]): "edge" | "process" {
  return role === "edge" ? "edge" : "process";
}

/** In a network of few machines each keeps every shard. */
function everyShard(shards: number): number[] {
  return Array.from({ length: shards }, (_, shard) => shard);
}
