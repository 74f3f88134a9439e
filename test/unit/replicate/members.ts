// Members of one network in virtual time: real ones, whose links are as full as the test says, and ones that it speaks for.
import { expect } from "vitest";
import { Member } from "../../../crdt/member.ts";
import type { Socket } from "../../../crdt/ports.ts";
import { decodeFrame, type Frame } from "../../../crdt/replicate/frame.ts";
import { newIdentity, type Identity } from "../../../crdt/replicate/introduction.ts";
import { Link, MAX_BUFFERED_BYTES, type Peer, type Traffic } from "../../../crdt/replicate/link.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { MemoryDisk } from "../../../crdt/store/memory.ts";
import { aPoll, START } from "../../support/ballots.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { socketPair } from "../../support/socket-pair.ts";
import { SeededRandom, VirtualTime, VirtualWorld } from "../../support/virtual-world.ts";
import { settle } from "../../support/world.ts";

export const SHOW = "final";
/** Configured everywhere; who of them runs is the test's. */
const NAMES = ["fra", "nyc", "syd"] as const;
type Name = (typeof NAMES)[number];

export interface Program {
  readonly member: Member;
  readonly store: NotedStore;
  readonly disk: MemoryDisk;
  readonly world: VirtualWorld;
  /** What it has sent, over all of its links. */
  readonly sent: Frame[];
  /** Asked before each frame that it would send. */
  isFull: () => boolean;
}

/** The other end of a real member's link, in the hands of the test. */
export interface Spoken {
  readonly link: Link;
  readonly identity: Identity;
  readonly boot: string;
  readonly heard: Traffic[];
}

export class Members {
  readonly time = new VirtualTime(START);
  readonly #identities: ReadonlyMap<string, Identity>;
  readonly #programs = new Map<string, Program>();
  #seed = 1;

  constructor() {
    const random = new SeededRandom(1);
    this.#identities = new Map(NAMES.map((name) => [name, newIdentity(name, "edge", random)]));
  }

  /** Opens a member in place of the one of that name. */
  async open(name: Name, disk = new MemoryDisk(), store = new NotedStore(disk)): Promise<Program> {
    this.#programs.get(name)?.member.stop();
    const world = new VirtualWorld(this.time, (this.#seed += 1));
    const member = await Member.open({
      identity: this.#identities.get(name)!,
      listens: true,
      peers: NAMES.filter((other) => other !== name).map((other) => this.#peer(other)),
      store,
      world,
      dial: async (address) => this.#dial(program, address),
      subscribe: () => [0],
      onlost: () => {},
    });
    const program: Program = { member, store, disk, world, sent: [], isFull: () => false };
    this.#programs.set(name, program);
    return program;
  }

  /** Speaks for a member that has no program, over a link that is open when this resolves. */
  async speak(name: Name, to: Program): Promise<Spoken> {
    const { a, b } = socketPair(this.time);
    const identity = this.#identities.get(name)!;
    const boot = (0xb007_0000 + this.#seed).toString(16).padStart(16, "0");
    const heard: Traffic[] = [];
    to.member.backbone.accept(narrowed(b, to));
    const link = new Link(a, {
      identity,
      boot,
      peers: (other) => this.#peer(other as Name),
      dialled: this.#peer(to.member.name as Name),
      world: new VirtualWorld(this.time, (this.#seed += 1)),
      on: { onopen: () => {}, onframe: (_link, frame) => heard.push(frame), onclose: () => {} },
    });
    await this.pass(100);
    expect(link.state.name).toBe("open");
    return { link, identity, boot, heard };
  }

  async pass(ms: number): Promise<void> {
    await settle();
    for (let left = ms; left > 0; left -= 10) {
      this.time.advance(10);
      await settle();
    }
  }

  #dial(from: Program, address: string): Socket {
    const to = this.#programs.get(address);
    if (!to) throw new Error(`nobody listens at "${address}"`);
    const { a, b } = socketPair(this.time);
    to.member.backbone.accept(narrowed(b, to));
    return narrowed(a, from);
  }

  #peer(name: Name): Peer {
    const { role, publicKey } = this.#identities.get(name)!;
    return { name, role, publicKey, address: name };
  }
}

/** A show with one poll, at a member. */
export async function create({ member }: Program): Promise<Replica> {
  const replica = member.adopt(SHOW)!;
  const show = { id: SHOW, title: "", shards: 1, created: START, wrappedKey: "" };
  await replica.change((board) => board.create(show, [aPoll()]));
  return replica;
}

/** A member's end of a socket, as full as it says. */
function narrowed(socket: Socket, program: Program): Socket {
  return {
    get bufferedAmount() {
      return program.isFull() ? MAX_BUFFERED_BYTES + 1 : socket.bufferedAmount;
    },
    send: (message) => {
      if (typeof message !== "string") program.sent.push(decodeFrame(message));
      socket.send(message);
    },
    close: (code, reason) => socket.close(code, reason),
    set onmessage(listener: Socket["onmessage"]) {
      socket.onmessage = listener;
    },
    set onclose(listener: Socket["onclose"]) {
      socket.onclose = listener;
    },
  };
}
