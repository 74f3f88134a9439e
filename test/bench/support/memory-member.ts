import { Member } from "../../../crdt/member.ts";
import { newIdentity, type Identity } from "../../../crdt/replicate/introduction.ts";
import type { Replica } from "../../../crdt/replica.ts";
import type { Store } from "../../../crdt/store/store.ts";
import { ballotOf, POLL, SHOW_ID, showAt } from "./ballots.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Members of one process on a network in memory, with a clock that stands until it is moved. */
export class MemoryMembers {
  readonly time = new VirtualTime();
  readonly network = new MemoryNetwork();
  readonly #identities: readonly Identity[];

  /** Names beginning with "recorder" are processes: they dial, and nobody dials them. */
  constructor(names: readonly string[]) {
    const { random } = this.time.world();
    this.#identities = names.map((name) => newIdentity(name, isProcess(name) ? "process" : "edge", random));
  }

  async open(name: string, store: Store): Promise<Member> {
    const identity = this.#identities.find(({ member }) => member === name)!;
    const peers = this.#identities
      .filter((other) => other !== identity)
      .map(({ member, role, publicKey }) => ({
        name: member,
        role,
        publicKey,
        ...(isProcess(member) ? {} : { address: addressOf(member) }),
      }));
    const member = await Member.open({
      identity,
      listens: !isProcess(name),
      peers,
      store,
      world: this.time.world(),
      dial: this.network.dial,
      subscribe: () => [0],
      permanent: isProcess(name),
      onlost: (error) => {
        throw error;
      },
    });
    if (!isProcess(name)) this.network.listen(addressOf(name), (socket) => member.backbone.accept(socket));
    return member;
  }

  /** Moves the clock and delivers what is sent. */
  run(ms: number): Promise<void> {
    return this.time.advance(ms, this.network.settle);
  }
}

/** The show, with its poll open, created at `member`. */
export async function createShow(member: Member, now: number): Promise<Replica> {
  const replica = member.adopt(SHOW_ID)!;
  await replica.change((board) => {
    board.create(showAt(now), [POLL]);
    board.addTransition(POLL.id, "open", { at: now, by: "bench" });
  });
  return replica;
}

/** One flush: ballots of receivers `from` and up, durable and sent when it resolves. */
export async function flush(replica: Replica, from: number, count: number, time: number): Promise<void> {
  const { writer } = replica.shard(0);
  const written = Array.from({ length: count }, (_, i) => writer.write("ballots", ballotOf(from + i, time)));
  await writer.flush();
  await Promise.all(written);
}

function isProcess(name: string): boolean {
  return name.startsWith("recorder");
}

function addressOf(name: string): string {
  return `ws://${name}/link`;
}
