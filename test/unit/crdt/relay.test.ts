// A member in the middle: two others that have no link with each other hear of each other at once, and nobody gets back
// what it sent.
import { expect, test } from "vitest";
import { Member } from "../../../crdt/member.ts";
import { newIdentity } from "../../../crdt/replicate/introduction.ts";
import { MemoryDisk, MemoryStore } from "../../../crdt/store/memory.ts";
import { aBallot, aPoll, START } from "../../support/ballots.ts";
import { socketPair } from "../../support/socket-pair.ts";
import { SeededRandom, VirtualTime, VirtualWorld } from "../../support/virtual-world.ts";
import { settle } from "../../support/world.ts";

const SHOW = "final";
const NAMES = ["fra", "hub", "nyc"] as const;
type Name = (typeof NAMES)[number];

async function star(relays: boolean) {
  const time = new VirtualTime(START);
  const random = new SeededRandom(1);
  const identities = NAMES.map((name) => newIdentity(name, name === "hub" ? "process" : "edge", random));
  const members = new Map<Name, Member>();
  for (const [i, name] of NAMES.entries()) {
    const peers = identities
      .filter(({ member }) => member !== name)
      .map(({ member, role, publicKey }) => {
        const isLinked = name === "hub" || member === "hub";
        return { name: member, role, publicKey, ...(isLinked ? { address: member } : { linked: false as const }) };
      });
    const member = await Member.open({
      identity: identities[i]!,
      listens: true,
      relays: relays && name === "hub",
      peers,
      store: new MemoryStore(new MemoryDisk()),
      world: new VirtualWorld(time, i + 1),
      dial: (address) => {
        const pair = socketPair(time);
        members.get(address as Name)!.backbone.accept(pair.b);
        return Promise.resolve(pair.a);
      },
      subscribe: () => [0],
      onlost: () => {},
    });
    members.set(name, member);
  }
  const pass = async (ms: number) => {
    await settle();
    for (let left = ms; left > 0; left -= 10) {
      time.advance(10);
      await settle();
    }
  };
  return { member: (name: Name) => members.get(name)!, pass };
}

test.for([
  ["passes on at once what one edge writes, to the other", true],
  ["without relaying, it is heard of at the next comparison", false],
] as const)("a hub %s", async ([, relays]) => {
  const { member, pass } = await star(relays);
  const replica = member("fra").adopt(SHOW)!;
  const show = { id: SHOW, title: "", shards: 1, created: START, wrappedKey: "" };
  await replica.change((board) => board.create(show, [aPoll()]));
  for (const name of NAMES) member(name).start();
  await pass(5000);
  const there = member("nyc").replica(SHOW)!;
  const sentBack = () =>
    member("fra")
      .backbone.status()
      .find(({ peer }) => peer === "hub")!.bytesIn;
  void replica.shard(0).writer.write("ballots", aBallot());
  const before = sentBack();
  await pass(100);
  expect(member("hub").replica(SHOW)!.counts(0).anonymous).toEqual([1, 0, 0]);
  expect(there.counts(0).anonymous).toEqual(relays ? [1, 0, 0] : [0, 0, 0]);
  // Words of acknowledgement, and not the batch itself.
  expect(sentBack() - before).toBeLessThan(400);
  await pass(3000);
  expect(there.counts(0).anonymous).toEqual([1, 0, 0]);
});
