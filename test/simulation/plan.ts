import type { Poll } from "../../crdt/show.ts";
import { Dice } from "./dice.ts";
import type { FaultPoint } from "./life.ts";

/**
 * "safety": faults anywhere, all healed in the end. "liveness": at the end one edge's ailment stays, and the others
 * must get on without it.
 */
export type Mode = "safety" | "liveness";

/** What does not go away in a run for liveness. */
export type Ailment =
  | "cut off"
  | "hears nobody"
  | "heard by nobody"
  | "disk full"
  | "frozen"
  | "clock an hour ahead"
  | "clock an hour behind";

/** A fault and when it begins, in virtual ms since the run's. `host` is an edge's, or "rec". */
export type Fault = { readonly at: number } & (
  | { readonly kind: "kill"; readonly host: string; readonly downMs: number }
  | {
      readonly kind: "ambush";
      readonly host: string;
      readonly point: FaultPoint;
      readonly times: number;
      readonly downMs: number;
    }
  | { readonly kind: "restart"; readonly host: string; readonly downMs: number }
  | { readonly kind: "power cut"; readonly downMs: number }
  | { readonly kind: "lost disk"; readonly host: string; readonly downMs: number }
  | { readonly kind: "never returns"; readonly host: string; readonly returnsLate: boolean }
  /** Stopped by an operator, and not started again. */
  | { readonly kind: "drained"; readonly host: string; readonly returnsLate: boolean }
  | { readonly kind: "cut" }
  | { readonly kind: "split"; readonly side: readonly string[]; readonly forMs: number }
  | {
      readonly kind: "block";
      readonly from: string;
      readonly to: string;
      readonly bothWays: boolean;
      readonly forMs: number;
    }
  | { readonly kind: "hostile stream"; readonly forMs: number }
  | { readonly kind: "slow network"; readonly forMs: number }
  | { readonly kind: "lossy front"; readonly forMs: number }
  | { readonly kind: "full disk"; readonly host: string; readonly forMs: number }
  | { readonly kind: "slow disk"; readonly host: string; readonly forMs: number }
  | { readonly kind: "torn write"; readonly host: string; readonly tear: "lost" | "written" }
  | { readonly kind: "freeze"; readonly host: string; readonly forMs: number }
  | { readonly kind: "clock"; readonly host: string; readonly byMs: number; readonly forMs: number }
  /** `outlasts`: an edge's second process ends only when nothing is left to be written. */
  | { readonly kind: "second process"; readonly host: string; readonly forMs: number; readonly outlasts: boolean }
  | { readonly kind: "named lost"; readonly host: string }
  | { readonly kind: "forged deletion" }
  /** An edge starts anew on an empty disk, shortly before a poll closes and where the recorder hears of it late. */
  | { readonly kind: "newcomer at the close"; readonly host: string }
  /** An edge is drained and starts again, shortly before a poll closes and where the recorder hears of it late. */
  | { readonly kind: "restart at the close"; readonly host: string }
  /** After a restart the recorder finds nobody but an edge that starts anew on an empty disk. */
  | { readonly kind: "alone with a newcomer"; readonly host: string; readonly forMs: number }
);

export type FaultKind = Fault["kind"];

/** Everything about a run that is decided beforehand: a function of the seed. */
export interface Plan {
  readonly seed: number;
  readonly mode: Mode;
  readonly edges: readonly string[];
  /** An edge that joins when much has been pruned already. */
  readonly latecomer: { readonly host: string; readonly at: number } | undefined;
  readonly shards: number;
  readonly polls: readonly Poll[];
  /** When each poll is opened, for how long, and whether the closing time stands on the board beforehand. */
  readonly rundown: readonly {
    readonly poll: number;
    readonly at: number;
    readonly forMs: number;
    readonly byItself: boolean;
  }[];
  readonly receivers: number;
  readonly faults: readonly Fault[];
  /** When all is healed. */
  readonly healsAt: number;
  readonly victim: { readonly host: string; readonly ailment: Ailment } | undefined;
  /** Pages published at the beginning, so that the boards' logs are rewritten at the next start. */
  readonly pages: number;
}

export const RECORDER = "rec";
/** When producers create the show. */
export const CREATES_AT = 700;
const EDGES = ["fra", "nyc", "syd"];
const LATECOMER = "tyo";
/** The poll that is opened when all is healed, in some runs: everyone must be able to vote again. */
export const ENCORE = 3;

const AILMENTS: readonly Ailment[] = [
  "cut off",
  "hears nobody",
  "heard by nobody",
  "disk full",
  "frozen",
  "clock an hour ahead",
  "clock an hour behind",
];
const POINTS: readonly FaultPoint[] = [
  "before reading its disk",
  "before a write",
  "between fsync and acknowledgement",
  "before a frame",
  "before an answer",
];
const RECORDER_POINTS: readonly FaultPoint[] = [
  ...POINTS.slice(0, 4),
  "before latching a result",
  "after latching a result",
];

/** `kinds`: the only kinds of faults in the run; by chance where none are given. */
export function planOf(seed: number, kinds?: readonly FaultKind[]): Plan {
  const dice = Dice.for(seed, "plan");
  const healsAt = dice.between(6000, 10_000);
  const mode = dice.chance(0.25) ? "liveness" : "safety";
  const polls = [poll(dice, 0, "last"), poll(dice, 1, "first"), poll(dice, 2, "votes"), poll(dice, ENCORE, "last")];
  const victim = mode === "liveness" ? { host: dice.pick(EDGES), ailment: dice.pick(AILMENTS) } : undefined;
  const rundown = polls.slice(0, ENCORE).map(({ index }) => ({
    poll: index,
    at: dice.between(1600, 3200),
    forMs: dice.between(1000, healsAt - 3000),
    byItself: dice.chance(0.5),
  }));
  const closes = rundown.map(({ poll: index, at, forMs }) => at + forMs + polls[index]!.graceMs);
  const hasEncore = mode === "liveness" || dice.chance(0.3);
  return {
    seed,
    mode,
    edges: EDGES,
    latecomer: dice.chance(0.3) ? { host: LATECOMER, at: dice.between(3500, healsAt) } : undefined,
    shards: dice.chance(0.7) ? 1 : dice.between(2, 3),
    polls: hasEncore ? polls : polls.slice(0, ENCORE),
    rundown,
    receivers: dice.between(12, 30),
    faults: faultsOf(dice, { healsAt, closes, victim, kinds: kinds ?? someKinds(dice) }),
    healsAt,
    victim,
    pages: dice.chance(0.1) ? 210 : 0,
  };
}

function poll(dice: Dice, index: number, mode: Poll["mode"]): Poll {
  const options = ["red", "green", "blue"].slice(0, dice.between(2, 3)).map((id) => ({ id, text: id }));
  return {
    id: `p${index}`,
    index,
    question: "Which?",
    options,
    mode,
    votes: mode === "votes" ? dice.between(2, 3) : 1,
    graceMs: dice.between(200, 800),
    results: dice.chance(0.3) ? "live" : "hidden",
  };
}

/** Swarm testing: a run has a few kinds of faults only, several times each, so that kinds do not hide each other. */
function someKinds(dice: Dice): FaultKind[] {
  const kinds = dice.shuffle(Object.keys(MAKERS) as FaultKind[]).slice(0, dice.between(1, 4));
  if (dice.chance(0.3) && !kinds.includes("ambush")) kinds.push("ambush");
  return kinds;
}

interface FaultFrame extends Pick<Plan, "healsAt" | "victim"> {
  readonly kinds: readonly FaultKind[];
  /** When each poll's grace ends. */
  readonly closes: readonly number[];
}

function faultsOf(dice: Dice, { healsAt, closes, victim, kinds }: FaultFrame): Fault[] {
  const faults: Fault[] = [];
  for (const kind of kinds) {
    const often = RARE.has(kind) ? 1 : dice.between(1, 4);
    for (let i = 0; i < often; i++) faults.push({ at: moment(dice, healsAt), ...MAKERS[kind](dice) } as Fault);
  }
  // Two clocks that are wrong at once may agree with each other, and nobody can tell.
  const host = victim?.ailment.startsWith("clock") ? victim.host : anyone(dice);
  const settled = faults.map((fault): Fault => {
    if (fault.kind === "clock") return { ...fault, host };
    if (fault.kind === "newcomer at the close") return { ...fault, at: dice.pick(closes) - newcomerMs(dice) };
    if (fault.kind === "restart at the close")
      return { ...fault, at: dice.pick(closes) - newcomerMs(dice) - LEAVING_MS };
    return fault;
  });
  return sparing(settled, victim?.host).sort((a, b) => a.at - b.at);
}

/** Somebody has to stay: where one edge never returns and another stays ill, the third is not drained. */
function sparing(faults: readonly Fault[], ill: string | undefined): Fault[] {
  const taken = faults.flatMap((fault) =>
    fault.kind === "never returns" || fault.kind === "drained" ? fault.host : [],
  );
  const remain = EDGES.filter((host) => host !== ill && !taken.includes(host));
  return faults.filter(({ kind }) => kind !== "drained" || remain.length > 0);
}

/** At any time, and often when the show is created. */
function moment(dice: Dice, healsAt: number): number {
  return dice.chance(0.15) ? CREATES_AT - 50 : dice.between(CREATES_AT, healsAt - 300);
}

/** At most once a run: these take something away for good. */
const RARE = new Set<FaultKind>([
  ...(["lost disk", "never returns", "drained", "second process", "named lost", "power cut"] as const),
  ...(["newcomer at the close", "restart at the close", "alone with a newcomer"] as const),
]);
/** How long before a poll's grace ends a newcomer starts, ms: it can answer after some 700 to 1300. */
const newcomerMs = (dice: Dice): number => dice.between(800, 1500);
/** How long an edge takes to leave, ms: a round of the recorder and some. */
const LEAVING_MS = 800;

type Made<K extends FaultKind> = K extends unknown ? Omit<Extract<Fault, { kind: K }>, "at"> : never;

const MAKERS: { readonly [K in FaultKind]: (dice: Dice) => Made<K> } = {
  kill: (dice) => ({ kind: "kill", host: anyone(dice), downMs: dice.between(50, 3000) }),
  ambush: (dice) => {
    const host = dice.chance(0.4) ? RECORDER : dice.pick(EDGES);
    const point = dice.pick(host === RECORDER ? RECORDER_POINTS : POINTS);
    const times = point.endsWith("a result") ? 1 : dice.between(1, point === "before an answer" ? 5 : 20);
    return { kind: "ambush", host, point, times, downMs: dice.between(50, 3000) };
  },
  restart: (dice) => ({ kind: "restart", host: dice.pick(EDGES), downMs: dice.between(50, 1500) }),
  "power cut": (dice) => ({ kind: "power cut", downMs: dice.between(50, 2000) }),
  "lost disk": (dice) => ({ kind: "lost disk", host: dice.pick(EDGES), downMs: dice.between(50, 3000) }),
  "never returns": (dice) => ({ kind: "never returns", host: dice.pick(EDGES), returnsLate: dice.chance(0.5) }),
  drained: (dice) => ({ kind: "drained", host: dice.pick(EDGES), returnsLate: dice.chance(0.5) }),
  cut: () => ({ kind: "cut" }),
  split: (dice) => ({ kind: "split", side: someone(dice), forMs: dice.between(500, 6000) }),
  block: (dice) => {
    const [from, to] = dice.shuffle([...EDGES, RECORDER]) as [string, string];
    return { kind: "block", from, to, bothWays: dice.chance(0.4), forMs: dice.between(500, 6000) };
  },
  "hostile stream": (dice) => ({ kind: "hostile stream", forMs: dice.between(1000, 6000) }),
  "slow network": (dice) => ({ kind: "slow network", forMs: dice.between(500, 4000) }),
  "lossy front": (dice) => ({ kind: "lossy front", forMs: dice.between(1000, 6000) }),
  "full disk": (dice) => ({ kind: "full disk", host: anyone(dice), forMs: dice.between(200, 4000) }),
  "slow disk": (dice) => ({ kind: "slow disk", host: anyone(dice), forMs: dice.between(500, 4000) }),
  "torn write": (dice) => ({ kind: "torn write", host: anyone(dice), tear: dice.pick(["lost", "written"] as const) }),
  freeze: (dice) => ({ kind: "freeze", host: anyone(dice), forMs: dice.between(100, 6000) }),
  clock: (dice) => ({ kind: "clock", host: anyone(dice), byMs: byHowMuch(dice), forMs: dice.between(500, 5000) }),
  "second process": (dice) => {
    const host = dice.pick([...EDGES, RECORDER]);
    const outlasts = host !== RECORDER && dice.chance(0.4);
    return { kind: "second process", host, forMs: dice.between(1000, 6000), outlasts };
  },
  "newcomer at the close": (dice) => ({ kind: "newcomer at the close", host: dice.pick(EDGES) }),
  "restart at the close": (dice) => ({ kind: "restart at the close", host: dice.pick(EDGES) }),
  "alone with a newcomer": (dice) => ({
    kind: "alone with a newcomer",
    host: dice.pick(EDGES),
    forMs: dice.between(1500, 4000),
  }),
  "forged deletion": () => ({ kind: "forged deletion" }),
  "named lost": (dice) => ({ kind: "named lost", host: dice.pick(EDGES) }),
};

function anyone(dice: Dice): string {
  return dice.pick([...EDGES, ...EDGES, RECORDER]);
}

function someone(dice: Dice): string[] {
  return dice.shuffle([...EDGES, RECORDER]).slice(0, dice.between(1, 2));
}

/** Small steps, steps beyond what is trusted, and an hour, either way. */
function byHowMuch(dice: Dice): number {
  const size = dice.pick([300, 1500, 5000, 3_600_000]);
  return dice.chance(0.5) ? size : -size;
}
