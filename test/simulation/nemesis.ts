import * as Y from "yjs";
import { ledgerName } from "../../crdt/documents.ts";
import { encodeFrame } from "../../crdt/replicate/frame.ts";
import type { Dice } from "./dice.ts";
import type { Front } from "./front.ts";
import type { Machine } from "./machine.ts";
import { LATENCY_MS, type Network } from "./network.ts";
import { ENCORE, RECORDER, type Fault, type Plan } from "./plan.ts";
import { ENCORE_AFTER_MS, ENCORE_MS, SHOW } from "./producer.ts";
import type { Stage } from "./stage.ts";

/** What the nemesis lays its hands on. */
export interface Prey {
  readonly stage: Stage;
  readonly network: Network;
  readonly front: Front;
  readonly plan: Plan;
  machines(): readonly Machine[];
  machine(host: string): Machine;
  /** A second process under the name of a machine's member; a recorder's shares the permanent database. */
  clone(host: string): Machine;
  nameLost(host: string): void;
}

const HOUR_MS = 3_600_000;
const SLOW_NETWORK_MS = 700;
const SLOW_DISK_MS = 400;
const FRONT_LOSS = 0.2;
const HOSTILITY = 0.05;
const RENEW_MS = 100;
const NEWCOMER_HIDDEN_MS = 3500;
/** How long a second process goes on where it outlasts the last poll, ms. */
const OUTLASTS_MS = 3000;

/** Brings the planned faults about, and heals them. */
export class Nemesis {
  readonly #prey: Prey;
  readonly #dice: Dice;
  /** What ends the faults under way. */
  readonly #remedies = new Set<() => void>();

  constructor(prey: Prey) {
    this.#prey = prey;
    this.#dice = prey.stage.dice("nemesis");
  }

  start(): void {
    const { stage, plan } = this.#prey;
    for (const fault of plan.faults) stage.after(fault.at, () => this.#inflict(fault));
  }

  /** Ends every fault, and starts whatever is down and can be started. */
  heal(): void {
    const { stage, front } = this.#prey;
    stage.note("healed");
    front.isCalm = true;
    for (const remedy of Array.from(this.#remedies)) remedy();
    for (const machine of this.#prey.machines()) {
      machine.disarm();
      machine.disk.tear = undefined;
      machine.start();
    }
  }

  /** What stays until the end of a run for liveness. */
  afflict(): void {
    const { victim } = this.#prey.plan;
    if (!victim) return;
    const { stage, network } = this.#prey;
    const { host, ailment } = victim;
    const machine = this.#prey.machine(host);
    stage.saw(`victim: ${ailment}`);
    for (const other of this.#prey.machines().filter((one) => one !== machine)) {
      if (ailment === "cut off" || ailment === "heard by nobody") network.block(host, other.host);
      if (ailment === "cut off" || ailment === "hears nobody") network.block(other.host, host);
    }
    if (ailment === "disk full") machine.disk.isFull = true;
    if (ailment === "frozen") machine.life?.freeze();
    if (ailment === "clock an hour ahead") machine.skewMs = HOUR_MS;
    if (ailment === "clock an hour behind") machine.skewMs = -HOUR_MS;
  }

  #inflict(fault: Fault): void {
    const { stage, network, front } = this.#prey;
    stage.note("fault", JSON.stringify(fault));
    stage.saw(`fault: ${fault.kind}`);
    switch (fault.kind) {
      case "cut": {
        const { connections } = network;
        return connections.length > 0 ? this.#dice.pick(connections).cut() : undefined;
      }
      case "split":
        return this.#split(fault.side, fault.forMs);
      case "block":
        return this.#block(
          fault.bothWays
            ? [
                [fault.from, fault.to],
                [fault.to, fault.from],
              ]
            : [[fault.from, fault.to]],
          fault.forMs,
        );
      case "hostile stream":
        return this.#during(
          fault.forMs,
          () => (network.hostility = HOSTILITY),
          () => (network.hostility = 0),
        );
      case "slow network":
        return this.#during(
          fault.forMs,
          () => (network.latencyMs = SLOW_NETWORK_MS),
          () => (network.latencyMs = LATENCY_MS),
        );
      case "lossy front":
        return this.#during(
          fault.forMs,
          () => (front.loss = FRONT_LOSS),
          () => (front.loss = 0),
        );
      case "forged deletion":
        return this.#forge();
      case "power cut":
        for (const machine of this.#prey.machines()) this.#kill(machine, fault.downMs);
        return;
      default:
        return this.#harm(this.#prey.machine(fault.host), fault);
    }
  }

  #harm(machine: Machine, fault: Extract<Fault, { host: string }>): void {
    switch (fault.kind) {
      case "kill":
        return this.#kill(machine, fault.downMs);
      case "ambush":
        machine.downMs = fault.downMs;
        machine.arm({ point: fault.point, times: fault.times });
        // Programs read when they start.
        return fault.point === "before reading its disk" ? machine.kill() : undefined;
      case "restart":
        return void machine.stop().then(() => this.#prey.stage.after(fault.downMs, () => machine.start()));
      case "drained":
        return void this.#drain(machine, fault.returnsLate);
      case "lost disk":
        this.#kill(machine, fault.downMs);
        return machine.loseDisk();
      case "never returns":
        machine.isGone = true;
        machine.returnsLate = fault.returnsLate;
        return machine.kill();
      case "full disk":
        return this.#onDisk(
          machine,
          fault.forMs,
          (disk) => (disk.isFull = true),
          (disk) => (disk.isFull = false),
        );
      case "slow disk":
        return this.#onDisk(
          machine,
          fault.forMs,
          (disk) => (disk.latencyMs = SLOW_DISK_MS),
          (disk) => (disk.latencyMs = 2),
        );
      case "torn write":
        machine.disk.tear = fault.tear;
        return;
      case "freeze": {
        const { life } = machine;
        return this.#during(
          fault.forMs,
          () => life?.freeze(),
          () => life?.thaw(),
        );
      }
      case "clock":
        return this.#during(
          fault.forMs,
          () => (machine.skewMs += fault.byMs),
          () => (machine.skewMs -= fault.byMs),
        );
      case "second process":
        return this.#double(this.#prey.clone(fault.host), fault);
      case "named lost":
        return this.#prey.nameLost(fault.host);
      case "newcomer at the close":
        this.#renew(machine);
        this.#block([[machine.host, RECORDER]], NEWCOMER_HIDDEN_MS);
        return this.#prey.nameLost(fault.host);
      case "restart at the close":
        return void machine.stop().then(() => {
          this.#block([[machine.host, RECORDER]], NEWCOMER_HIDDEN_MS);
          machine.start();
        });
      case "alone with a newcomer":
        this.#renew(machine);
        this.#kill(this.#prey.machine(RECORDER), RENEW_MS);
        return this.#split([machine.host, RECORDER], fault.forMs);
    }
  }

  /** A member that has lost its mind tells another that everything in a ledger is deleted. */
  #forge(): void {
    const { connections } = this.#prey.network;
    if (connections.length === 0) return;
    const { dialled } = this.#dice.pick(connections);
    const program = this.#prey.machine(dialled.life.host)?.running;
    const replica = program?.life === dialled.life ? program.member.replica(SHOW) : undefined;
    for (const [shard, { ledger }] of replica?.shards() ?? [])
      dialled.send(
        encodeFrame({
          type: "sync",
          document: ledgerName(SHOW, shard),
          step: "update",
          update: deletionOf(ledger.doc),
        }),
      );
  }

  #double(clone: Machine, { forMs, outlasts }: Extract<Fault, { kind: "second process" }>): void {
    const end = (): void => {
      clone.isGone = true;
      clone.kill();
    };
    if (!outlasts) return this.#during(forMs, () => clone.start(), end);
    const { stage, plan } = this.#prey;
    clone.start();
    stage.after(plan.healsAt - stage.now + (plan.polls[ENCORE] ? ENCORE_AFTER_MS + ENCORE_MS : 0) + OUTLASTS_MS, end);
  }

  #kill(machine: Machine, downMs: number): void {
    machine.downMs = downMs;
    machine.kill();
  }

  /** Where its program runs and is let end in its own way: it is not started again then. */
  async #drain(machine: Machine, returnsLate: boolean): Promise<void> {
    const boot = machine.running?.member.boot;
    if (boot === undefined || !(await machine.stop())) return;
    machine.isGone = true;
    machine.returnsLate = returnsLate;
    if (machine.left.has(boot)) this.#prey.stage.saw("an edge left for good");
  }

  /** The machine starts anew on an empty disk, at once. */
  #renew(machine: Machine): void {
    this.#kill(machine, RENEW_MS);
    machine.loseDisk();
  }

  #split(side: readonly string[], forMs: number): void {
    const hosts = this.#prey.machines().map(({ host }) => host);
    const others = hosts.filter((host) => !side.includes(host));
    this.#block(
      side.flatMap((a) =>
        others.flatMap(
          (b) =>
            [
              [a, b],
              [b, a],
            ] as const,
        ),
      ),
      forMs,
    );
  }

  #block(ways: readonly (readonly [string, string])[], forMs: number): void {
    const { network } = this.#prey;
    this.#during(
      forMs,
      () => ways.forEach(([from, to]) => network.block(from, to)),
      () => ways.forEach(([from, to]) => network.unblock(from, to)),
    );
  }

  #onDisk(
    machine: Machine,
    forMs: number,
    begin: (disk: Machine["disk"]) => void,
    end: (disk: Machine["disk"]) => void,
  ): void {
    const { disk } = machine;
    this.#during(
      forMs,
      () => begin(disk),
      () => end(disk),
    );
  }

  #during(forMs: number, begin: () => unknown, end: () => unknown): void {
    begin();
    const remedy = (): void => {
      if (this.#remedies.delete(remedy)) end();
    };
    this.#remedies.add(remedy);
    this.#prey.stage.after(forMs, remedy);
  }
}

/** An update that deletes all that a ledger holds, and writes nothing. */
function deletionOf(ledger: Y.Doc): Uint8Array {
  const scratch = new Y.Doc();
  Y.applyUpdate(scratch, Y.encodeStateAsUpdate(ledger));
  for (const name of ledger.share.keys()) {
    const array = scratch.getArray(name);
    array.delete(0, array.length);
  }
  return Y.encodeStateAsUpdate(scratch, Y.encodeStateVector(ledger));
}
