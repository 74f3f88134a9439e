import { Member } from "../../crdt/member.ts";
import type { Identity } from "../../crdt/replicate/introduction.ts";
import type { Peer } from "../../crdt/replicate/link.ts";
import { Edge } from "../../edge/edge.ts";
import { Process } from "../../monitor/process.ts";
import { Recorder } from "../../monitor/recorder.ts";
import { SimDisk, SimStore } from "./disk.ts";
import type { SimLatches } from "./latches.ts";
import { Life, type Ambush } from "./life.ts";
import type { Network } from "./network.ts";
import type { Stage } from "./stage.ts";

/** What all machines of a run share. */
export interface Ground {
  readonly stage: Stage;
  readonly network: Network;
  readonly latches: SimLatches;
  /** The network's secret. */
  readonly secret: Uint8Array;
  /** Told of each program that starts, before anything reaches it. */
  readonly onbegin: (program: Program) => void;
  /** Told of each batch that became durable on some machine's disk. */
  onbatch(host: string, show: string, bytes: Uint8Array): void;
}

export interface MachineOptions {
  /** The machine's own name in the network; two machines may run members of one name. */
  readonly host: string;
  readonly identity: Identity;
  readonly peers: readonly Peer[];
}

/** A program that runs: the very code that ships. */
export interface Program {
  readonly machine: Machine;
  readonly life: Life;
  readonly member: Member;
  /** Absent where the program is a recorder. */
  readonly edge?: Edge;
}

/** How long a supervisor waits before it starts a program that ended by itself, ms. */
const SUPERVISOR_PAUSE_MS = 300;

/** A machine with its disk and its clock, on which one program runs, again and again. */
export class Machine {
  readonly host: string;
  readonly identity: Identity;
  disk: SimDisk;
  /** This machine's clock minus the world's, ms. */
  skewMs = 0;
  /** Never to be started again, as long as this is so. */
  isGone = false;
  /** Stopped by an operator, who will start it again. */
  isStopped = false;
  /** How long it stays down once its program was killed, ms. */
  downMs = 1000;
  /** Thought never to return; does so after all has come to rest. */
  returnsLate = false;
  /** Boots that were told that no result waits for them any more. */
  readonly left = new Set<string>();
  program: Program | undefined;
  readonly #ground: Ground;
  readonly #peers: readonly Peer[];
  #lives = 0;
  #life: Life | undefined;
  /** For the next program. */
  #ambush: Ambush | undefined;

  constructor(ground: Ground, { host, identity, peers }: MachineOptions) {
    this.#ground = ground;
    this.host = host;
    this.identity = identity;
    this.#peers = peers;
    this.disk = this.#newDisk();
  }

  get hasStarted(): boolean {
    return this.#lives > 0;
  }

  get name(): string {
    return this.identity.member;
  }

  /** The process that runs or starts; undefined where there is none. */
  get life(): Life | undefined {
    return this.#life?.alive ? this.#life : undefined;
  }

  /** The program, where its process lives. */
  get running(): Program | undefined {
    return this.program?.life.alive ? this.program : undefined;
  }

  start(): void {
    if (this.life || this.isGone) return;
    this.isStopped = false;
    const { stage } = this.#ground;
    const life = new Life(stage, this.host, ++this.#lives, { now: () => Math.floor(stage.time.now + this.skewMs) });
    stage.note(`${this.host} starts`);
    life.ambush = this.#ambush;
    this.#ambush = undefined;
    life.onend((how) => this.#onend(how));
    this.#life = life;
    const store = new SimStore(this.disk, life);
    this.#open(life, store).then(
      (member) => life.run(() => this.#begin(life, member, store)),
      // No room for the boot's record, or a torn write of it: the program ends, and is started again.
      (error: Error) => this.#exit(life, error),
    );
  }

  kill(): void {
    this.#life?.end("killed");
  }

  /** What an operator does: the program refuses what is new, writes what it has, leaves, and ends. False where none runs. */
  async stop(): Promise<boolean> {
    const program = this.running;
    if (!program || program.life.frozen) return false;
    this.isStopped = true;
    if (program.edge) await this.#drain(program.edge);
    program.life.run(() => {
      program.member.stop();
      program.life.end("exited");
    });
    return true;
  }

  async #drain(edge: Edge): Promise<void> {
    await edge.drain();
    if (await edge.leave()) this.left.add(edge.boot);
  }

  /** Kills the program at a point of its life, or the next one. */
  arm(ambush: Ambush): void {
    if (this.life && ambush.point !== "before reading its disk") this.life.ambush = ambush;
    else this.#ambush = ambush;
  }

  /** Nothing lies in wait any more. Results come late: what waits for them stays. */
  disarm(): void {
    this.#ambush = undefined;
    if (this.life && !this.life.ambush?.point.endsWith("a result")) this.life.ambush = undefined;
  }

  /** Another machine with a member of the same name. A process's database is one, wherever it runs. */
  cloneAs(host: string): Machine {
    const clone = new Machine(this.#ground, { host, identity: this.identity, peers: this.#peers });
    if (this.identity.role === "process") clone.disk = this.disk;
    return clone;
  }

  /** The machine gets a new, empty disk. */
  loseDisk(): void {
    this.disk = this.#newDisk();
  }

  #newDisk(): SimDisk {
    return new SimDisk((show, bytes) => this.#ground.onbatch(this.host, show, bytes));
  }

  #open(life: Life, store: SimStore): Promise<Member> {
    const { stage, network } = this.#ground;
    return Member.open({
      identity: this.identity,
      listens: this.identity.role === "edge",
      peers: this.#peers,
      store,
      world: life.world,
      dial: network.dialFor(life),
      permanent: this.identity.role === "process",
      subscribe: (shards) => Array.from({ length: shards }, (_, shard) => shard),
      onlost: (error) => {
        stage.saw("boot ended by a write of unknown outcome");
        this.#exit(life, error);
      },
    });
  }

  #begin(life: Life, member: Member, store: SimStore): void {
    const { network, latches, secret, onbegin } = this.#ground;
    if (this.identity.role === "process") {
      const recorder = new Process(member, [new Recorder(member, store, latches.of(life))]);
      this.program = { machine: this, life, member };
      onbegin(this.program);
      recorder.start();
      return member.start();
    }
    const edge = new Edge(member, { region: this.name, address: `https://${this.host}`, network: secret });
    network.listen(this.name, life, (socket) => member.backbone.accept(socket));
    this.program = { machine: this, life, member, edge };
    onbegin(this.program);
    edge.start();
  }

  #exit(life: Life, error: Error): void {
    if (!life.alive) return;
    this.#ground.stage.note(`${this.host} gives up`, error.message);
    life.end("exited");
  }

  #onend(how: "killed" | "exited"): void {
    if (this.isStopped) return;
    this.#ground.stage.after(how === "killed" ? this.downMs : SUPERVISOR_PAUSE_MS, () => {
      if (!this.isStopped) this.start();
    });
  }
}
