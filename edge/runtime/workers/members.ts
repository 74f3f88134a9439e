import type { Peer } from "../../../crdt/replicate/link.ts";
import type { Identity, Role } from "../../../crdt/replicate/introduction.ts";
import type { PeerConfig } from "../../config.ts";
import { derivedIdentity, objectEdgeName } from "../../derived-identity.ts";
import type { Settings } from "./settings.ts";

/** A member of the network that is a Durable Object. */
export type ObjectMember =
  | { readonly role: "edge"; readonly name: string; readonly region: string; readonly index: number }
  | ProcessMember;

/** A process that is one. */
export interface ProcessMember {
  readonly role: "recorder" | "orders";
  readonly name: string;
}

export const RECORDER: ProcessMember = { role: "recorder", name: "recorder" };
export const ORDERS: ProcessMember = { role: "orders", name: "orders" };
/** Addresses of objects, as a link's dialler sees them. */
export const OBJECT_SCHEME = "object:";

/** Every object of the network: regions × objects, the recorder where there is a database, the order processor where it sells. */
export function objectMembers({ regions, objects, database, selling }: Settings): ObjectMember[] {
  const edges = regions.flatMap(({ name: region }) =>
    Array.from({ length: objects }, (_, index) => ({
      role: "edge" as const,
      name: objectEdgeName(region, index),
      region,
      index,
    })),
  );
  return [...edges, ...(database ? [RECORDER] : []), ...(selling ? [ORDERS] : [])];
}

/** The shards that an object keeps, of a show with so many. */
export function shardsOf(index: number, objects: number, shards: number): number[] {
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => shard % objects === index);
}

export function objectIdentity({ name, role }: Pick<ObjectMember, "name" | "role">, network: Uint8Array): Identity {
  return derivedIdentity(name, roleOf(role), network);
}

/**
 * Everyone else on the backbone as a member sees it. An edge has links with its like in every region, which has the same
 * shards; with its region's others, over which board and tallies spread; with the recorder, which has all; and with
 * every member elsewhere. Those without an address it only knows: their keys, and not a link.
 */
export function peersOf(self: ObjectMember, settings: Settings): Peer[] {
  const objects = objectMembers(settings)
    .filter(({ name }) => name !== self.name)
    .map((member): Peer => {
      const { member: name, role, publicKey } = objectIdentity(member, settings.network);
      return { name, role, publicKey, ...wayTo(member, self) };
    });
  const elsewhere = settings.peers.map(({ key, role, ...peer }): Peer => ({
    ...peer,
    role: roleOf(role),
    publicKey: key,
  }));
  return [...objects, ...elsewhere];
}

/**
 * Processes dial every edge, and of processes the order processor the recorder, which has what edges have given up. Whoever
 * is dialled has no address for the other.
 */
function wayTo(to: ObjectMember, from: ObjectMember): Pick<Peer, "address" | "linked"> {
  const isFar = from.role === "edge" && to.role === "edge" && from.index !== to.index && from.region !== to.region;
  if (isFar) return { linked: false };
  const isDialled = to.role === "edge" || (to.role === "recorder" && from.role === "orders");
  return isDialled ? { address: `${OBJECT_SCHEME}${to.name}` } : {};
}

function roleOf(role: PeerConfig["role"]): Role {
  return role === "edge" ? "edge" : "process";
}
