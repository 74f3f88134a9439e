import { seedCrypto } from "../seeded-crypto.ts";
import { PRESENCE } from "../../../crdt/ballot.ts";
import { identityFrom, type Identity } from "../../../crdt/replicate/introduction.ts";
import type { Poll, Show } from "../../../crdt/show.ts";
import type { Threshold } from "../../../crdt/threshold.ts";
import { Box, type Begin, type Place } from "../box.ts";
import type { FaultPoint } from "../life.ts";
import { Network } from "../network.ts";
import { Stage, type Outcome } from "../stage.ts";
import { SimDatabase } from "./database.ts";
import { ENCODER, EncoderMachine } from "./encoder.ts";
import { Judge } from "./judge.ts";
import { beginWatcher } from "./programs.ts";

const SHOW = "final";
const EDGES = ["fra", "nyc"];
/** Two with the database, the first of which others dial, and one that latches through them. */
const WATCHERS = ["wat1", "wat2", "wat3"];
const LATCHERS = new Set(["wat1", "wat2"]);
const RECEIVERS = 60;
const HEALS_AT_MS = 16_000;
const ENDS_AT_MS = 60_000;
const REGISTER_MS = 100;

const options = ["a", "b"].map((id) => ({ id, text: id }));
const common = { question: "?", options, graceMs: 500, results: "hidden" } as const;
const POLLS: readonly Poll[] = [
  { ...common, id: "one", index: 0, mode: "last", votes: 1 },
  { ...common, id: "two", index: 1, mode: "votes", votes: 2 },
];
const threshold = (id: string, rule: Threshold["rule"], urgent = false): Threshold => ({
  id,
  rule,
  urgent,
  message: { kind: "text", text: "{count}" },
  durationMs: 1000,
});
const THRESHOLDS: readonly Threshold[] = [
  threshold("some", { kind: "votes", poll: "one", option: "a", atLeast: 8 }),
  threshold("most", { kind: "share", poll: "one", option: "a", percent: 60, sample: 12 }),
  threshold("crowd", { kind: "voted", atLeast: 10, every: 15 }),
  threshold("pair", { kind: "voted", poll: "two", atLeast: 12 }),
  threshold("now", { kind: "voted", poll: "one", atLeast: 20 }, true),
  threshold("there", { kind: "present", atLeast: 25, every: 25 }),
  threshold("never", { kind: "voted", atLeast: RECEIVERS + 1 }),
];

/** One show with an audience, three watchers and an encoder, under faults until they heal; then everything must be so. */
export async function simulateWatchers(seed: number, print?: (line: string) => void): Promise<Outcome> {
  seedCrypto(seed);
  const stage = new Stage(seed, print);
  await new Run(stage).play();
  return stage.outcome;
}

class Run {
  readonly #stage: Stage;
  readonly #network: Network;
  readonly #database: SimDatabase;
  readonly #encoder: EncoderMachine;
  readonly #judge: Judge;
  readonly #edges: readonly Box<void>[];
  readonly #watchers: readonly Box<void>[];
  readonly #show: Show;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#network = new Network(stage);
    this.#show = { id: SHOW, title: SHOW, shards: 1, created: stage.time.now, wrappedKey: "" };
    this.#judge = new Judge(stage, this.#show, POLLS, THRESHOLDS);
    this.#database = new SimDatabase(stage);
    this.#encoder = new EncoderMachine(stage, this.#network, (entry) => this.#judge.onjournalled(entry));
    const dice = stage.dice("keys");
    const identities = [...EDGES, ...WATCHERS].map((name) =>
      identityFrom(name, EDGES.includes(name) ? "edge" : "process", dice.bytes(32)),
    );
    const boxOf = (name: string, begin: Begin<void>) => new Box(this.#placeOf(name, identities), begin);
    this.#edges = EDGES.map((name) => boxOf(name, (member) => member.start()));
    this.#watchers = WATCHERS.map((name) =>
      boxOf(name, (member, life) =>
        beginWatcher(member, {
          encoder: this.#encoder.of(life),
          ...(LATCHERS.has(name) ? { latch: this.#database.of(life) } : {}),
        }),
      ),
    );
  }

  async play(): Promise<void> {
    this.#encoder.start();
    for (const box of [...this.#edges, ...this.#watchers]) box.start();
    this.#stage.after(300, () => this.#createShow());
    this.#vote();
    this.#publishRegisters();
    this.#strike();
    this.#stage.after(HEALS_AT_MS, () => this.#heal());
    await this.#stage.play(() => this.#stage.now >= ENDS_AT_MS);
    if (this.#stage.violations.length > 0) return;
    await this.#judge.judgeCauses([...this.#database.inner.cues.values()]);
    for (const { member } of this.#watchers) await this.#judge.judgeCauses(member!.replica(SHOW)!.board.cues());
    await this.#judge.judgeEnd();
    this.#judgeAgreement();
  }

  #placeOf(name: string, identities: readonly Identity[]): Place {
    const listens = (of: string) => EDGES.includes(of) || of === WATCHERS[0];
    return {
      stage: this.#stage,
      network: this.#network,
      identity: identities.find(({ member }) => member === name)!,
      peers: identities
        .filter(({ member }) => member !== name)
        .map(({ member, role, publicKey }) => ({
          name: member,
          role,
          publicKey,
          ...(listens(member) ? { address: member } : {}),
        })),
      listens: listens(name),
      endsWhenUnsure: EDGES.includes(name),
      onbatch: (_show, bytes) => this.#judge.onbatch(bytes),
    };
  }

  #createShow(): void {
    const at = this.#stage.time.now;
    void this.#edges[0]!.member!.adopt(SHOW)!.change((board) => {
      board.create(this.#show, POLLS, THRESHOLDS);
      for (const { id } of THRESHOLDS) board.arm(id, 1, { at, by: "producer" });
    });
  }

  /** Every receiver comes, votes at some edge, and some change their minds or move. */
  #vote(): void {
    const dice = this.#stage.dice("audience");
    for (let i = 0; i < RECEIVERS; i++) {
      const at = dice.between(1500, HEALS_AT_MS - 2000);
      this.#stage.after(at - 200, () => this.#write(i, { poll: PRESENCE, option: 0, press: 1, k: 1 }));
      for (let press = 1; press <= dice.between(1, 2); press++) {
        const ballot = { poll: 0, option: dice.chance(0.6) ? 0 : 1, press, k: 1 };
        this.#stage.after(at + press * dice.between(100, 900), () => this.#write(i, ballot));
      }
      for (let k = 1; k <= dice.between(0, 2); k++)
        this.#stage.after(at + 50 * k, () => this.#write(i, { poll: 1, option: dice.below(2), press: 1, k }));
    }
  }

  #write(receiver: number, ballot: { poll: number; option: number; press: number; k: number }): void {
    const edge = this.#stage.dice(`edge ${receiver} ${this.#stage.now}`).pick(this.#edges);
    const replica = edge.member?.replica(SHOW);
    if (!replica || replica.shards().size === 0) return;
    const time = edge.member!.clock.now();
    const kind = ballot.poll === PRESENCE ? "presence" : "ballots";
    // A receiver's identity is spread over 64 bits.
    const id = { hi: Math.imul(receiver + 1, 0x9e3779b1) >>> 0, lo: receiver };
    void replica.shard(0).writer.write(kind, { ...id, ...ballot, signed: false, time });
  }

  /** As edges do: what light readers see, and no watcher may go by. */
  #publishRegisters(): void {
    this.#stage.after(REGISTER_MS, () => {
      for (const { member } of this.#edges) if (member?.replica(SHOW)) member.replica(SHOW)!.publishRegister();
      if (this.#stage.now < HEALS_AT_MS) this.#publishRegisters();
    });
  }

  #strike(): void {
    const dice = this.#stage.dice("nemesis");
    const strikes = [
      () => this.#kill(),
      () => this.#ambush(),
      () => this.#freeze(),
      () => this.#split(),
      () => this.#databaseAway(),
      () => this.#encoder.kill(),
      () => this.#setClock(),
    ];
    for (let i = dice.between(3, 9); i > 0; i--) {
      const strike = dice.pick(strikes);
      this.#stage.after(dice.between(1000, HEALS_AT_MS - 1000), strike);
    }
  }

  #victim(purpose: string): Box<void> {
    return this.#stage.dice(`${purpose} ${this.#stage.now}`).pick(this.#watchers);
  }

  #kill(): void {
    this.#stage.saw("fault: kill");
    this.#victim("kill").life?.end("killed");
  }

  /** Killed in the middle of something. */
  #ambush(): void {
    const dice = this.#stage.dice(`ambush ${this.#stage.now}`);
    const points: readonly FaultPoint[] = ["before latching a result", "after latching a result", "before a frame"];
    this.#victim("ambush").arm({ point: dice.pick(points), times: dice.between(1, 4) });
  }

  #freeze(): void {
    const life = this.#victim("freeze").life;
    if (!life || life.frozen) return;
    this.#stage.saw("fault: freeze");
    life.freeze();
    this.#stage.after(this.#stage.dice(`thaw ${this.#stage.now}`).between(500, 5000), () => life.thaw());
  }

  #split(): void {
    const dice = this.#stage.dice(`split ${this.#stage.now}`);
    const hosts = dice.shuffle([...EDGES, ...WATCHERS, ENCODER]);
    const apart = hosts.slice(0, dice.between(1, 3));
    const ways = hosts.flatMap((a) =>
      apart
        .filter((b) => a !== b && !apart.includes(a))
        .flatMap((b) => [
          [a, b],
          [b, a],
        ]),
    );
    this.#stage.saw("fault: split");
    for (const [from, to] of ways) this.#network.block(from!, to!);
    this.#stage.after(dice.between(1000, 6000), () => {
      for (const [from, to] of ways) this.#network.unblock(from!, to!);
    });
  }

  #databaseAway(): void {
    this.#database.isAway = true;
    this.#stage.after(this.#stage.dice(`away ${this.#stage.now}`).between(500, 5000), () => {
      this.#database.isAway = false;
    });
  }

  #setClock(): void {
    this.#stage.saw("fault: clock");
    this.#victim("clock").skewMs += this.#stage.dice(`clock ${this.#stage.now}`).between(-10_000, 10_000);
  }

  #heal(): void {
    this.#database.isAway = false;
    for (const box of [...this.#edges, ...this.#watchers]) {
      box.disarm();
      if (box.life?.frozen) box.life.thaw();
    }
    const hosts = [...EDGES, ...WATCHERS, ENCODER];
    for (const from of hosts) for (const to of hosts) this.#network.unblock(from, to);
  }

  /** Every watcher knows the same cues, all of them confirmed, and none waits. */
  #judgeAgreement(): void {
    const said = this.#watchers.map(({ host, member }) => {
      const { board } = member!.replica(SHOW)!;
      const cues = board.cues().map(({ cue }) => `${cue.threshold}/${cue.epoch}`);
      const waiting = board.cues().filter(({ cue }) => !board.confirmed(cue.threshold, cue.epoch));
      if (waiting.length > 0) this.#stage.violate("every cue is confirmed", `${host} lacks ${waiting.length}`);
      return cues.sort().join();
    });
    if (new Set(said).size > 1) this.#stage.violate("watchers agree", said.join(" | "));
    const { cues, confirmed } = this.#database.inner;
    const waiting = [...cues.keys()].filter((id) => !confirmed.has(id));
    if (waiting.length > 0) this.#stage.violate("the outbox is empty", waiting.join());
  }
}
