import type { Peer } from "../../../crdt/replicate/link.ts";
import type { Identity, Role } from "../../../crdt/replicate/introduction.ts";
import type { PeerConfig } from "../../config.ts";
import { derivedIdentity, objectEdgeName } from "../../derived-identity.ts";
import type { Settings } from "./settings.ts";

/** A member of the network that is a Durable Object. */
export type ObjectMember =
  | { readonly role: "edge"; readonly name: string; readonly region: string; readonly index: number }
  | { readonly role: "recorder"; readonly name: string };

export const RECORDER_NAME = "recorder";
/** Addresses of objects, as a link's dialler sees them. */
export const OBJECT_SCHEME = "object:";

/** Every object of the network: regions × objects, and the recorder where there is a database. */
export function objectMembers({ regions, objects, database }: Settings): ObjectMember[] {
  const edges = regions.flatMap(({ name: region }) =>
    Array.from({ length: objects }, (_, index) => ({
      role: "edge" as const,
      name: objectEdgeName(region, index),
      region,
      index,
    })),
  );
  return database ? [...edges, { role: "recorder", name: RECORDER_NAME }] : edges;
}

/** The shards that an object keeps, of a show with so many. */
export function shardsOf(index: number, objects: number, shards: number): number[] {
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => shard % objects === index);
}

export function objectIdentity(
  { name, role }: { name: string; role: "edge" | "recorder" },
  network: Uint8Array,
): Identity {
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
      const peer = { name, role, publicKey };
      if (member.role === "recorder") return peer;
      return areLinked(self, member) ? { ...peer, address: `${OBJECT_SCHEME}${name}` } : { ...peer, linked: false };
    });
  const elsewhere = settings.peers.map(({ key, role, ...peer }): Peer => ({
    ...peer,
    role: roleOf(role),
    publicKey: key,
  }));
  return [...objects, ...elsewhere];
}

/** The recorder dials every edge, and nobody dials it. */
function areLinked(from: ObjectMember, to: Extract<ObjectMember, { role: "edge" }>): boolean {
  return from.role === "recorder" || from.index === to.index || from.region === to.region;
}

function roleOf(role: PeerConfig["role"]): Role {
  return role === "edge" ? "edge" : "process";
}
