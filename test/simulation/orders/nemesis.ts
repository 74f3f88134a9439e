import type { Edge } from "../../../edge/edge.ts";
import type { Box } from "../box.ts";
import type { Dice } from "../dice.ts";
import type { FaultPoint } from "../life.ts";
import type { Network } from "../network.ts";
import type { Stage } from "../stage.ts";
import { BOOKS, type SimBooks } from "./books.ts";
import { PROVIDER, type SimProvider } from "./provider.ts";

/** Whom it may strike. */
export interface Prey {
  readonly stage: Stage;
  readonly network: Network;
  readonly edges: readonly Box<Edge>[];
  readonly processors: readonly Box<void>[];
  readonly recorder: Box<void>;
  readonly books: SimBooks;
  readonly provider: SimProvider;
}

const EDGE_POINTS: readonly FaultPoint[] = ["before an answer", "before a write", "between fsync and acknowledgement"];
const PROCESSOR_POINTS: readonly FaultPoint[] = [
  "before asking the books",
  "after asking the books",
  "before asking the provider",
  "after asking the provider",
  "before a write",
  "between fsync and acknowledgement",
];
/** Longer than a claim lasts: what wakes after it finds others at its work. */
const LONGEST_FREEZE_MS = 45_000;

/** Strikes a few times, and heals everything in the end. */
export class Nemesis {
  readonly #prey: Prey;
  readonly #dice: Dice;

  constructor(prey: Prey) {
    this.#prey = prey;
    this.#dice = prey.stage.dice("nemesis");
  }

  strike(fromMs: number, toMs: number): void {
    const strikes = [
      () => this.#kill(),
      () => this.#ambush(this.#prey.processors, PROCESSOR_POINTS),
      () => this.#ambush(this.#prey.processors, PROCESSOR_POINTS),
      () => this.#ambush(this.#prey.edges, EDGE_POINTS),
      () => this.#freeze(),
      () => this.#split(),
      () => this.#away(this.#prey.books, "fault: books away"),
      () => this.#away(this.#prey.provider, "fault: provider away"),
      () => this.#tear(),
      () => this.#setClock(),
    ];
    for (let i = this.#dice.between(3, 10); i > 0; i--)
      this.#prey.stage.after(this.#dice.between(fromMs, toMs), this.#dice.pick(strikes));
  }

  heal(): void {
    const { network, books, provider } = this.#prey;
    books.isAway = provider.isAway = false;
    books.isCalm = provider.isCalm = true;
    for (const box of this.#everyone) {
      box.disarm();
      box.disk.tear = undefined;
      box.skewMs = 0;
    }
    for (const from of this.#hosts) for (const to of this.#hosts) network.unblock(from, to);
  }

  get #everyone(): readonly Box<unknown>[] {
    return [...this.#prey.edges, ...this.#prey.processors, this.#prey.recorder];
  }

  get #hosts(): string[] {
    return [...this.#everyone.map(({ host }) => host), BOOKS, PROVIDER];
  }

  #kill(): void {
    this.#saw("fault: kill");
    this.#dice.pick(this.#everyone).life?.end("killed");
  }

  /** Killed in the middle of something. */
  #ambush(boxes: readonly Box<unknown>[], points: readonly FaultPoint[]): void {
    this.#dice.pick(boxes).arm({ point: this.#dice.pick(points), times: this.#dice.between(1, 6) });
  }

  #freeze(): void {
    const life = this.#dice.pick(this.#everyone).life;
    if (!life || life.frozen) return;
    this.#saw("fault: freeze");
    life.freeze();
    this.#later(500, LONGEST_FREEZE_MS, () => life.thaw());
  }

  #split(): void {
    this.#saw("fault: split");
    const hosts = this.#dice.shuffle(this.#hosts);
    const [apart, others] = [hosts.slice(0, 2), hosts.slice(2)];
    const ways = apart.flatMap((a) => others.flatMap((b) => [[a, b] as const, [b, a] as const]));
    for (const way of ways) this.#prey.network.block(...way);
    this.#later(1000, 8000, () => ways.forEach((way) => this.#prey.network.unblock(...way)));
  }

  #away(server: { isAway: boolean }, what: string): void {
    this.#saw(what);
    server.isAway = true;
    this.#later(500, 6000, () => (server.isAway = false));
  }

  #tear(): void {
    this.#saw("fault: torn log");
    const box = this.#dice.pick([...this.#prey.edges, ...this.#prey.processors]);
    box.disk.tear = this.#dice.pick(["lost", "written"]);
  }

  /** Edges more than two seconds from their peers admit nothing. */
  #setClock(): void {
    this.#saw("fault: clock");
    if (this.#dice.chance(0.5)) this.#dice.pick(this.#prey.edges).skewMs += this.#dice.between(-1500, 1500);
    else this.#dice.pick(this.#prey.processors).skewMs += this.#dice.between(-40_000, 40_000);
  }

  #later(leastMs: number, mostMs: number, task: () => void): void {
    this.#prey.stage.after(this.#dice.between(leastMs, mostMs), task);
  }

  #saw(what: string): void {
    this.#prey.stage.saw(what);
  }
}
