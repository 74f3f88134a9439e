// Orders through kills, pauses, partitions and hostile receivers, with real processes, at a provider that fails in every
// way: counted in its books, in the database, and by what receivers are told.
import { setTimeout as sleep } from "node:timers/promises";
import { Dice } from "../../edge/cli/audience/dice.ts";
import { contradict, judgeContradiction } from "../support/contradiction.ts";
import { attack } from "../support/hostile-buyer.ts";
import { buyersOf, ShopFloor, type Buyer, type SaleOutcome } from "../support/shop-floor.ts";

/** Pause between two buyers, ms. */
const PACE_MS = 40;
/** Pause between two strikes, ms. */
const STRIKE_MS = 600;
/** Strikes of a sale at least, however quickly it is over. */
const LEAST_STRIKES = 3;

export interface StruckSale extends SaleOutcome {
  readonly fault: string;
  readonly strikes: number;
}

interface Struck {
  readonly show: string;
  /** What should not have been. */
  readonly problems: string[];
  /** Buyers that say one thing here and another there. */
  readonly liars: Buyer[];
}

/** One strike, after which everything is whole again. */
type Strike = (floor: ShopFloor, dice: Dice, struck: Struck) => Promise<void>;

const anEdge = (floor: ShopFloor, dice: Dice) => floor.edges[dice.below(floor.edges.length)]!;
const aProcessor = (floor: ShopFloor, dice: Dice) => floor.processors[dice.below(floor.processors.length)]!;

const STRIKES: Readonly<Record<string, Strike>> = {
  "kill -9 of an edge": (floor, dice) => kill(floor, anEdge(floor, dice)),
  "kill -9 of a processor": (floor, dice) => kill(floor, aProcessor(floor, dice)),
  "SIGSTOP of an edge": (floor, dice) => hold(floor, anEdge(floor, dice), 300 + dice.below(2500)),
  "SIGSTOP of a processor": (floor, dice) => hold(floor, aProcessor(floor, dice), 300 + dice.below(2500)),
  "kill -9 of the database's server": (floor, dice) => away(floor, 200 + dice.below(1500)),
  "an edge cut off, two orders under one key": (floor, dice, struck) =>
    cut(floor, anEdge(floor, dice), dice, async () => {
      struck.liars.push(await contradict(floor, struck.show));
    }),
  "a processor cut off": (floor, dice) => cut(floor, aProcessor(floor, dice), dice),
  "hostile receivers": async (floor, dice, { show, problems }) => {
    problems.push(...(await attack(floor, show, dice.below(floor.edges.length))));
  },
};

/** Every fault by its name, and all of them together. */
export const ORDER_FAULTS: readonly string[] = [...Object.keys(STRIKES), "all of these"];

/** A sale a fault, each of so many orders: all are struck first, and come to rest together. */
export async function sellThroughFaults(
  faults: readonly string[],
  orders: number,
  seed: number,
): Promise<StruckSale[]> {
  const floor = await ShopFloor.open(new Dice(seed));
  try {
    const counts: (() => Promise<StruckSale>)[] = [];
    for (const [i, fault] of faults.entries())
      counts.push(await sell(floor, fault, i, orders, new Dice(seed * 1000 + i)));
    const sales: StruckSale[] = [];
    for (const count of counts) sales.push(await count());
    return sales;
  } catch (error) {
    process.stderr.write(`${floor.output.slice(-40).join("\n")}\n`);
    throw error;
  } finally {
    await floor.end();
  }
}

/** Less is there than is asked for. */
async function sell(floor: ShopFloor, fault: string, number: number, orders: number, dice: Dice) {
  const [show, stock] = [`sale-${number}`, orders];
  await floor.offer(show, stock);
  const buyers = buyersOf(show, orders, dice);
  const struck: Struck = { show, problems: [], liars: [] };
  let isOver = false;
  const striking = strike(floor, fault, dice, struck, () => isOver);
  const buying = buyers.map(async (buyer, i) => {
    await sleep(i * PACE_MS);
    await floor.buy(show, buyer, i);
  });
  await Promise.all(buying).finally(() => (isOver = true));
  const strikes = await striking;
  await floor.whole();
  const { liars, problems } = struck;
  return async (): Promise<StruckSale> => {
    const outcome = await floor.count(show, stock, [...buyers, ...liars]);
    for (const liar of liars) problems.push(...(await judgeContradiction(floor, show, liar)));
    return { ...outcome, fault, strikes, problems: [...problems, ...outcome.problems] };
  };
}

/** One thing at a time; resolves with how often. */
async function strike(floor: ShopFloor, fault: string, dice: Dice, struck: Struck, isOver: () => boolean) {
  const ways = fault in STRIKES ? [STRIKES[fault]!] : Object.values(STRIKES);
  let strikes = 0;
  while (strikes < Math.max(ways.length, LEAST_STRIKES) || !isOver()) {
    await sleep(STRIKE_MS * dice.next());
    await ways[strikes % ways.length]!(floor, dice, struck);
    strikes += 1;
  }
  return strikes;
}

async function kill(floor: ShopFloor, name: string): Promise<void> {
  const member = floor.member(name);
  await member.kill();
  await sleep(100);
  member.start();
  await floor.whole();
}

async function hold(floor: ShopFloor, name: string, ms: number): Promise<void> {
  const member = floor.member(name);
  member.signal("SIGSTOP");
  await sleep(ms);
  member.signal("SIGCONT");
}

async function away(floor: ShopFloor, ms: number): Promise<void> {
  await floor.database.kill();
  await sleep(ms);
  await floor.database.restart();
}

async function cut(floor: ShopFloor, name: string, dice: Dice, meanwhile?: () => Promise<void>): Promise<void> {
  floor.links.cut(name, dice.chance(0.5) ? { is: "refusing" } : { is: "black hole" });
  // It may need the link: an edge that was stopped before compares its clock with a peer's first.
  const done = meanwhile?.();
  await sleep(500 + dice.below(2500));
  floor.links.mend(name);
  await done;
}
