import { Member } from "../../crdt/member.ts";
import type { Identity } from "../../crdt/replicate/introduction.ts";
import type { Peer } from "../../crdt/replicate/link.ts";
import { SimDisk, SimStore } from "./disk.ts";
import { Life, type Ambush } from "./life.ts";
import type { Network } from "./network.ts";
import type { Stage } from "./stage.ts";

export interface Place {
  readonly stage: Stage;
  readonly network: Network;
  readonly identity: Identity;
  readonly peers: readonly Peer[];
  readonly listens: boolean;
  /** Ends where a write's outcome is unknown: whoever writes a chain of its own. */
  readonly endsWhenUnsure: boolean;
  onbatch(show: string, bytes: Uint8Array): void;
}

/** A program that runs: the very code that ships. */
export interface Running<P> {
  readonly life: Life;
  readonly member: Member;
  readonly program: P;
}

/** Makes a program of a member, and starts both. */
export type Begin<P> = (member: Member, life: Life, store: SimStore) => P;

/** A machine on which one member's program runs, again and again, over one disk. */
export class Box<P> {
  readonly place: Place;
  readonly disk: SimDisk;
  skewMs = 0;
  readonly #begin: Begin<P>;
  #lives = 0;
  #life: Life | undefined;
  #last: Running<P> | undefined;

  constructor(place: Place, begin: Begin<P>) {
    this.place = place;
    this.#begin = begin;
    this.disk = new SimDisk((show, bytes) => place.onbatch(show, bytes));
  }

  get host(): string {
    return this.place.identity.member;
  }

  get life(): Life | undefined {
    return this.#life?.alive ? this.#life : undefined;
  }

  /** Of the latest program, also where it has ended. */
  get member(): Member | undefined {
    return this.#last?.member;
  }

  get running(): Running<P> | undefined {
    return this.#last?.life.alive ? this.#last : undefined;
  }

  start(): void {
    if (this.life) return;
    const { stage, network, identity, peers, listens, endsWhenUnsure } = this.place;
    const life = new Life(stage, this.host, ++this.#lives, { now: () => Math.floor(stage.time.now + this.skewMs) });
    this.#life = life;
    const isProcess = identity.role === "process";
    const restartMs = stage.dice(`restart ${this.host} ${this.#lives}`).between(300, 1500);
    life.onend(() => stage.after(restartMs, () => this.start()));
    const store = new SimStore(this.disk, life);
    const opened = Member.open({
      identity,
      listens,
      peers,
      store,
      world: life.world,
      dial: network.dialFor(life),
      subscribe: () => [0],
      ...(isProcess ? { permanent: true, keepsVoters: true } : {}),
      ...(endsWhenUnsure ? { onlost: () => life.end("exited") } : {}),
    });
    opened.then(
      (member) => life.run(() => this.#run(member, life, store)),
      () => life.end("exited"),
    );
  }

  arm(ambush: Ambush): void {
    if (this.life) this.life.ambush = ambush;
  }

  disarm(): void {
    if (this.life) this.life.ambush = undefined;
  }

  #run(member: Member, life: Life, store: SimStore): void {
    if (this.place.listens) this.place.network.listen(this.host, life, (socket) => member.backbone.accept(socket));
    this.#last = { life, member, program: this.#begin(member, life, store) };
  }
}
