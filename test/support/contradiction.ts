// A receiver that says one thing at one edge and another at the other, under one key: one of the two is the order.
import { randomUUID } from "node:crypto";
import { placed } from "./hostile-buyer.ts";
import { PRODUCT, type Buyer, type ShopFloor } from "./shop-floor.ts";

/** One piece at the first edge, two at the second. */
const QUANTITIES = [1, 2] as const;

/** Places both at once. */
export async function contradict(floor: ShopFloor, show: string): Promise<Buyer> {
  const buyer = { subject: `liar-${randomUUID()}`, key: randomUUID(), quantity: 1 };
  await Promise.all(QUANTITIES.map((quantity, edge) => place(floor, show, edge, buyer, quantity)));
  return buyer;
}

/** Once it is over: both edges have the same order, its body is answered with it, and the other one with a conflict. */
export async function judgeContradiction(floor: ShopFloor, show: string, buyer: Buyer): Promise<string[]> {
  const problems: string[] = [];
  const [one, other] = await Promise.all([floor.outcome(show, buyer, 0), floor.outcome(show, buyer, 1)]);
  if (one.quantity !== other.quantity) problems.push(`${buyer.subject}: ${one.quantity} here, ${other.quantity} there`);
  const [entry] = floor.provider.charges.filter(({ reference }) => reference === one.id);
  if (entry && entry.amount !== one.total)
    problems.push(`${buyer.subject}: told ${one.total}, charged ${entry.amount}`);
  for (const edge of [0, 1])
    for (const quantity of QUANTITIES) {
      const { status } = await place(floor, show, edge, buyer, quantity);
      const wanted = quantity === one.quantity ? 202 : 409;
      if (status !== wanted) problems.push(`${buyer.subject} × ${quantity}: got ${status}, wanted ${wanted}`);
    }
  return problems;
}

function place(floor: ShopFloor, show: string, edge: number, { subject, key }: Buyer, quantity: number) {
  const body = { key, product: PRODUCT.id, quantity, details: { name: subject } };
  return placed(() => floor.place(show, edge, floor.token(subject), body));
}
