import "./seeded-crypto.ts";
import type { Replica } from "../../crdt/replica.ts";
import { identityFrom, type Identity } from "../../crdt/replicate/introduction.ts";
import { unwrapShowKey } from "../../edge/show-key.ts";
import { Front } from "./front.ts";
import { Invariants } from "./invariants.ts";
import { Machine, type Ground } from "./machine.ts";
import { Nemesis } from "./nemesis.ts";
import { Network } from "./network.ts";
import { ENCORE, planOf, RECORDER, type FaultKind, type Plan } from "./plan.ts";
import { ENCORE_AFTER_MS, ENCORE_MS, Producer, SHOW } from "./producer.ts";
import { Receiver, type Studio } from "./receiver.ts";
import { seedCrypto } from "./seeded-crypto.ts";
import { unrest } from "./rest.ts";
import { SimLatches } from "./latches.ts";
import type { Scene } from "./scene.ts";
import { Stage, type Violation } from "./stage.ts";
import { Truth } from "./truth.ts";

export interface Outcome {
  readonly seed: number;
  /** Of all that happened. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly violations: readonly Violation[];
  /** What was seen, and how often. */
  readonly seen: Readonly<Record<string, number>>;
}

/** How often invariants are looked at while faults go on, ms. */
const INSPECT_MS = 1500;
/** How often edges are asked for counts, ms: what they answer wrongly may be right again a moment later. */
const ASK_MS = 100;
/** How often it is looked, after healing, whether all has come to rest, ms. */
const REST_MS = 250;
/** Longest time from healing to rest, ms. */
const REST_WITHIN_MS = 60_000;
/** Receivers an edge that try whether it gets on. */
const PROBES = 3;
/** Share of presses that come about when a poll closes. */
const LAST_MOMENT = 0.3;
/** When a machine that was thought never to return does, after all has come to rest, ms. */
const RETURN_MS = 200;

/** Runs one seed. `print` gets the trace line by line; `kinds` are the only kinds of faults, where given. */
export async function simulate(
  seed: number,
  { print, kinds }: { print?: (line: string) => void; kinds?: readonly FaultKind[] | undefined } = {},
): Promise<Outcome> {
  const stage = new Stage(seed, print);
  seedCrypto(seed);
  const run = new Run(stage, planOf(seed, kinds));
  const onrejection = (error: unknown): void =>
    stage.violate("no unforeseen error", error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on("unhandledRejection", onrejection);
  try {
    run.start();
    await stage.play(() => run.isOver);
  } finally {
    process.off("unhandledRejection", onrejection);
  }
  const { violations, trace, now, seen } = stage;
  return { seed, hash: trace.hash, events: trace.events, virtualMs: now, violations, seen: Object.fromEntries(seen) };
}

class Run {
  isOver = false;
  readonly #stage: Stage;
  readonly #plan: Plan;
  readonly #network: Network;
  readonly #front: Front;
  readonly #truth: Truth;
  readonly #latches: SimLatches;
  readonly #ground: Ground;
  readonly #machines: Machine[];
  readonly #receivers: Receiver[];
  readonly #producer: Producer;
  readonly #nemesis: Nemesis;
  readonly #scene: Scene;
  readonly #invariants: Invariants;
  readonly #keys = new Map<string, string>();
  #isHealed = false;

  constructor(stage: Stage, plan: Plan) {
    this.#stage = stage;
    this.#plan = plan;
    this.#network = new Network(stage);
    this.#front = new Front(stage);
    this.#truth = new Truth(stage, plan.polls);
    this.#latches = new SimLatches(stage, (final) => this.#invariants.onfinal(final));
    const secret = stage.dice("secret").bytes(32);
    this.#ground = {
      stage,
      network: this.#network,
      latches: this.#latches,
      secret,
      onbegin: (program) => this.#invariants.onbegin(program),
      onbatch: (host, _show, bytes) => {
        this.#truth.add(host, bytes);
        this.#invariants.onbatch(bytes);
      },
    };
    this.#machines = this.#build();
    this.#receivers = this.#audience();
    this.#producer = new Producer({
      stage,
      front: this.#front,
      plan,
      edges: () => this.#reachable(),
      mayReturn: (boot) => this.#mayReturn(boot),
      hasLeft: (boot) => this.#hasLeft(boot),
    });
    this.#nemesis = new Nemesis({
      stage,
      network: this.#network,
      front: this.#front,
      plan,
      machines: () => this.#machines.filter((machine) => machine.hasStarted),
      machine: (host) => this.#machine(host),
      clone: (host) => this.#clone(host),
      nameLost: (host) => void this.#producer.nameLost(host),
    });
    this.#scene = {
      stage,
      truth: this.#truth,
      polls: plan.polls,
      receivers: this.#receivers,
      deeds: this.#producer.deeds,
      latched: this.#latches.latched,
      recorders: plan.faults.some((fault) => fault.kind === "second process" && fault.host === RECORDER) ? 2 : 1,
      running: () => this.#machines.flatMap(({ running }) => running ?? []),
      required: () => this.#required(),
      mayReturn: (boot) => this.#mayReturn(boot),
      hasLeft: (boot) => this.#hasLeft(boot),
      keyOf: (replica) => this.#keyOf(replica),
    };
    this.#invariants = new Invariants(this.#scene);
  }

  start(): void {
    const { latecomer, healsAt } = this.#plan;
    for (const machine of this.#machines) {
      const at =
        machine.host === latecomer?.host ? latecomer.at : this.#stage.dice(`start ${machine.host}`).between(0, 300);
      this.#stage.after(at, () => machine.start());
    }
    this.#producer.direct();
    this.#nemesis.start();
    this.#vote();
    this.#inspect();
    this.#ask();
    this.#stage.after(healsAt, () => this.#heal());
  }

  #build(): Machine[] {
    const { edges, latecomer } = this.#plan;
    const names = [...edges, ...(latecomer ? [latecomer.host] : []), RECORDER];
    const dice = this.#stage.dice("keys");
    const identities = names.map((name) => identityFrom(name, name === RECORDER ? "process" : "edge", dice.bytes(32)));
    return identities.map((identity) => this.#machineOf(identity.member, identity, identities));
  }

  #machineOf(host: string, identity: Identity, identities: readonly Identity[]): Machine {
    const peers = identities
      .filter((other) => other !== identity)
      .map(({ member, role, publicKey }) => ({
        name: member,
        role,
        publicKey,
        ...(role === "edge" ? { address: member } : {}),
      }));
    return new Machine(this.#ground, { host, identity, peers });
  }

  /** Another machine with a member of the same name; a second recorder writes to the same database. */
  #clone(host: string): Machine {
    const original = this.#machine(host);
    const clone = original.cloneAs(`${host}2`);
    this.#machines.push(clone);
    return clone;
  }

  #audience(): Receiver[] {
    const dice = this.#stage.dice("audience");
    const studio = this.#studioOf(() => this.#reachable());
    return Array.from(
      { length: this.#plan.receivers },
      (_, i) => new Receiver(studio, { subject: `tv${i}`, signed: dice.chance(0.4), forgets: dice.chance(0.15) }),
    );
  }

  #studioOf(edges: () => readonly Machine[]): Studio {
    const { polls } = this.#plan;
    const onreceipt: Studio["onreceipt"] = (...given) => this.#invariants.onreceipt(...given);
    const onadmission: Studio["onadmission"] = (program) => this.#invariants.onadmission(program);
    return { stage: this.#stage, front: this.#front, show: SHOW, polls, edges, onadmission, onreceipt };
  }

  /** Every receiver's presses, most of them in the poll's window. */
  #vote(): void {
    const { rundown, polls, healsAt } = this.#plan;
    const encore = { poll: ENCORE, at: healsAt + ENCORE_AFTER_MS, forMs: ENCORE_MS };
    for (const { poll, at, forMs } of [...rundown, ...(polls[ENCORE] ? [encore] : [])])
      for (const receiver of this.#receivers) {
        const dice = this.#stage.dice(`presses ${receiver.subject} ${poll}`);
        const { options, votes } = polls[poll]!;
        const closes = at + forMs;
        for (let presses = dice.between(0, 3); presses > 0; presses--) {
          const from = dice.chance(LAST_MOMENT) ? closes - 400 : at - 200;
          this.#stage.after(dice.between(from, closes + 400), () =>
            receiver.choose(poll, dice.below(options.length), dice.between(1, votes)),
          );
        }
      }
  }

  /** Receivers that turn to one edge only, so that every edge is asked; one may have bad luck with its network. */
  #probe(): void {
    for (const machine of this.#reachable())
      for (let i = 0; i < PROBES; i++) {
        const subject = `probe ${machine.host} ${i}`;
        const probe = new Receiver(
          this.#studioOf(() => [machine]),
          { subject, signed: false, forgets: false },
        );
        this.#receivers.push(probe);
        probe.choose(ENCORE, 0, 1);
      }
  }

  #inspect(): void {
    this.#invariants.inspect();
    this.#stage.after(INSPECT_MS, () => this.#inspect());
  }

  #ask(): void {
    this.#invariants.ask();
    this.#stage.after(ASK_MS, () => this.#ask());
  }

  #heal(): void {
    this.#nemesis.heal();
    this.#nemesis.afflict();
    this.#isHealed = true;
    this.#producer.finish();
    if (this.#plan.polls[ENCORE]) this.#stage.after(ENCORE_AFTER_MS, () => this.#probe());
    this.#await(this.#stage.now + REST_WITHIN_MS);
  }

  /** Looks again and again whether all has come to rest. */
  #await(deadline: number): void {
    this.#stage.after(REST_MS, () => {
      const reason = unrest(this.#scene);
      if (reason === undefined) return this.#rest();
      if (this.#stage.now > deadline) return this.#stage.violate("all comes to rest", reason);
      this.#await(deadline);
    });
  }

  #rest(): void {
    this.#invariants.atRest();
    const late = this.#machines.find(({ isGone, returnsLate }) => isGone && returnsLate);
    if (!late) {
      this.isOver = true;
      return;
    }
    late.isGone = false;
    this.#stage.saw("an edge came back after the end");
    this.#stage.after(RETURN_MS, () => late.start());
    this.#await(this.#stage.now + REST_WITHIN_MS);
  }

  #machine(host: string): Machine {
    return this.#machines.find((machine) => machine.host === host)!;
  }

  #edges(): Machine[] {
    return this.#machines.filter(({ identity, hasStarted }) => identity.role === "edge" && hasStarted);
  }

  /** Edges that steering and producers know: in the end not the one that stays ill. */
  #reachable(): Machine[] {
    return this.#edges().filter((machine) => !machine.isGone && !(this.#isHealed && this.#isVictim(machine)));
  }

  #required(): Machine[] {
    return this.#machines.filter((machine) => !machine.isGone && machine.hasStarted && !this.#isVictim(machine));
  }

  #isVictim({ host }: Machine): boolean {
    return host === this.#plan.victim?.host;
  }

  #mayReturn(boot: string): boolean {
    const staying = this.#machines.filter((machine) => !machine.isGone && !(this.#isHealed && this.#isVictim(machine)));
    return staying.some(({ disk }) => disk.memory.boots.has(boot));
  }

  #hasLeft(boot: string): boolean {
    return this.#machines.some(({ left }) => left.has(boot));
  }

  #keyOf(replica: Replica): string {
    const { wrappedKey } = replica.board.show!;
    const known = this.#keys.get(wrappedKey) ?? unwrapShowKey(wrappedKey, this.#ground.secret, SHOW);
    this.#keys.set(wrappedKey, known);
    return known;
  }
}
