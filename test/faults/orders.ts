// Orders through kills and pauses of real processes, at a provider that fails in every way: counted in its books, in the
// database, and by what receivers are told.
import { Dice } from "../../edge/cli/audience/dice.ts";
import { buyersOf, pause, ShopFloor, type SaleOutcome } from "../support/shop-floor.ts";

/** Pause between two buyers, ms. */
const PACE_MS = 40;
/** Pause between two strikes, ms. */
const STRIKE_MS = 600;

export interface StruckSale extends SaleOutcome {
  readonly strikes: number;
}

/** Sells less than is asked for, while an edge or the processor is killed or held again and again. */
export async function sellThroughFaults(orders: number, seed: number): Promise<StruckSale> {
  const dice = new Dice(seed);
  const floor = await ShopFloor.open(dice);
  const [show, stock] = [`sale-${seed}`, orders];
  try {
    await floor.offer(show, stock);
    const buyers = buyersOf(show, orders, dice);
    let isOver = false;
    const striking = strike(floor, dice, () => isOver);
    await Promise.all(
      buyers.map(async (buyer, i) => {
        await pause(i * PACE_MS);
        await floor.buy(show, buyer, i);
      }),
    );
    isOver = true;
    const strikes = await striking;
    await floor.whole();
    return { ...(await floor.count(show, stock, buyers)), strikes };
  } catch (error) {
    process.stderr.write(`${floor.output.slice(-40).join("\n")}\n`);
    throw error;
  } finally {
    await floor.end();
  }
}

/** One thing at a time, and each is whole again before the next; at least one of each. */
async function strike(floor: ShopFloor, dice: Dice, isOver: () => boolean): Promise<number> {
  const ways = [
    () => kill(floor, "orders"),
    () => kill(floor, floor.edges[dice.below(floor.edges.length)]!),
    () => hold(floor, "orders", 300 + dice.below(1200)),
  ];
  let strikes = 0;
  while (strikes < ways.length || !isOver()) {
    await pause(STRIKE_MS * dice.next());
    await ways[strikes % ways.length]!();
    strikes += 1;
  }
  return strikes;
}

async function kill(floor: ShopFloor, name: string): Promise<void> {
  const member = floor.member(name);
  await member.kill();
  await pause(100);
  member.start();
  await floor.whole();
}

async function hold(floor: ShopFloor, name: string, ms: number): Promise<void> {
  const member = floor.member(name);
  member.signal("SIGSTOP");
  await pause(ms);
  member.signal("SIGCONT");
}
