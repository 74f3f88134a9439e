import { Member } from "../../../crdt/member.ts";
import type { Identity } from "../../../crdt/replicate/introduction.ts";
import type { Peer } from "../../../crdt/replicate/link.ts";
import { Process } from "../../../monitor/process.ts";
import { Watcher, type WatcherOptions } from "../../../monitor/threshold/watcher.ts";
import { SimDisk, SimStore } from "../disk.ts";
import { Life, type Ambush } from "../life.ts";
import type { Network } from "../network.ts";
import type { Stage } from "../stage.ts";

export interface Place {
  readonly stage: Stage;
  readonly network: Network;
  readonly identity: Identity;
  readonly peers: readonly Peer[];
  readonly listens: boolean;
  onbatch(show: string, bytes: Uint8Array): void;
}

/** A machine on which one member runs, again and again, over one disk. */
export class Box {
  readonly place: Place;
  readonly disk: SimDisk;
  skewMs = 0;
  member: Member | undefined;
  readonly #begin: (member: Member, life: Life) => void;
  #lives = 0;
  #life: Life | undefined;

  constructor(place: Place, begin: (member: Member, life: Life) => void) {
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

  start(): void {
    if (this.life) return;
    const { stage, network, identity, peers, listens } = this.place;
    const life = new Life(stage, this.host, ++this.#lives, { now: () => Math.floor(stage.time.now + this.skewMs) });
    this.#life = life;
    const isProcess = identity.role === "process";
    const restartMs = stage.dice(`restart ${this.host} ${this.#lives}`).between(300, 1500);
    life.onend(() => stage.after(restartMs, () => this.start()));
    const opened = Member.open({
      identity,
      listens,
      peers,
      store: new SimStore(this.disk, life),
      world: life.world,
      dial: network.dialFor(life),
      subscribe: () => [0],
      ...(isProcess ? { permanent: true, keepsVoters: true } : { onlost: () => life.end("exited") }),
    });
    opened.then(
      (member) => life.run(() => this.#run(member, life)),
      () => life.end("exited"),
    );
  }

  arm(ambush: Ambush): void {
    if (this.life) this.life.ambush = ambush;
  }

  disarm(): void {
    if (this.life) this.life.ambush = undefined;
  }

  #run(member: Member, life: Life): void {
    this.member = member;
    if (this.place.listens) this.place.network.listen(this.host, life, (socket) => member.backbone.accept(socket));
    this.#begin(member, life);
    member.start();
  }
}

/** The very code that ships: the frame with a watcher in it. */
export function beginWatcher(member: Member, options: Omit<WatcherOptions, "member">): void {
  new Process(member, [new Watcher({ member, ...options })]).start();
}
