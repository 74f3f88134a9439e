// A hostile receiver at real edges: it guesses a PIN, leaves it out, or is nobody that the broadcaster vouches for.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrdersAnswer } from "../../edge/answers.ts";
import { MAX_PIN_TRIES } from "../../edge/pin-tries.ts";
import { codeOf, type Answer } from "../support/edge-client.ts";
import { SellingCluster } from "../support/selling-cluster.ts";
import { soon } from "../support/soon.ts";

const PIN = "4711";
const SHOW = {
  id: "final",
  title: "Final",
  polls: [],
  products: [{ id: "ticket", title: "Ticket", price: 12_500, currency: "EUR", stock: 9, confirmation: "pin" }],
};

let selling: SellingCluster;
beforeAll(async () => {
  selling = await SellingCluster.start({ refuses: ({ pin }) => (pin === PIN ? undefined : "pin-wrong") });
  await selling.cluster.producer("fra").create(SHOW);
  await selling.cluster.whole();
  await selling.offer(SHOW.id, "ticket");
});
afterAll(() => selling?.end());

const orders = `/v1/shows/${SHOW.id}/orders`;
const clientOf = (subject: string, edge: string, anonymous = false) =>
  selling.cluster.client(edge, selling.cluster.receiverToken(subject, { anonymous }));
const order = (pin?: string) => ({ key: randomUUID(), product: "ticket", quantity: 1, pin });

/** The first answer that says something of the order, and not of an edge that is still starting or was asked too often. */
async function answerTo(subject: string, edge: string, body: object, anonymous = false) {
  const ask = () => clientOf(subject, edge, anonymous).post(orders, body);
  const isPassing = ({ status }: Answer, code: string | undefined) => status === 503 || code === "rate_limited";
  let answer = await ask();
  await soon(async () => {
    if (isPassing(answer, codeOf(answer))) answer = await ask();
    expect(isPassing(answer, codeOf(answer))).toBe(false);
  });
  return answer;
}

async function statesOf(subject: string, edge: string): Promise<string[]> {
  const { body } = await clientOf(subject, edge).get(`${orders}/mine`);
  return (body as OrdersAnswer).orders.map(({ state, reason }) => `${state} ${reason}`.trim());
}

test("without a PIN, or as nobody, nothing is ordered", async () => {
  const without = await answerTo("mallory", "fra", order());
  expect([without.status, codeOf(without)]).toEqual([422, "pin_required"]);
  const anonymous = await answerTo("somebody", "fra", order(PIN), true);
  expect([anonymous.status, codeOf(anonymous)]).toEqual([403, "forbidden"]);
  expect(await statesOf("mallory", "nyc")).toEqual([]);
});

test("wrong PINs are counted across edges: after three none is taken anywhere, and nothing was charged", async () => {
  for (let i = 0; i < MAX_PIN_TRIES; i++) {
    const guess = await answerTo("mallory", ["fra", "nyc", "syd"][i]!, order(`000${i}`));
    expect(guess.status).toBe(202);
    for (const edge of selling.cluster.edges)
      await soon(async () =>
        expect(await statesOf("mallory", edge)).toEqual(Array.from({ length: i + 1 }, () => "rejected pin-wrong")),
      );
  }
  for (const edge of selling.cluster.edges) {
    const blocked = await answerTo("mallory", edge, order(PIN));
    expect([blocked.status, codeOf(blocked)]).toEqual([429, "pin_blocked"]);
  }
  expect(selling.provider.charges).toEqual([]);
});

test("the holder of the account orders with the right one, though somebody else guessed", async () => {
  expect((await answerTo("ada", "nyc", order(PIN))).status).toBe(202);
  await soon(async () => expect(await statesOf("ada", "fra")).toEqual(["confirmed"]));
  expect(selling.provider.charges).toMatchObject([{ account: "ada", pin: PIN, amount: 12_500 }]);
});
