// What a receiver that is none of ours tries, and what an edge has to say to each.
import { randomUUID } from "node:crypto";
import { insist } from "./insist.ts";
import { PRODUCT, type ShopFloor } from "./shop-floor.ts";

/** Orders of one receiver at once: three times what it may. */
const FLOOD = 30;

interface Attempt {
  readonly what: string;
  readonly body: object;
  readonly token?: string;
  /** The refusal's code. */
  readonly wanted: string;
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly retry_after_s?: number;
}

/** Forges, floods, and orders what is not for sale; says what was not refused as it has to be. None of it is an order. */
export async function attack(floor: ShopFloor, show: string, edge: number): Promise<string[]> {
  const tried = await Promise.all(attemptsAt(floor).map((attempt) => tryOut(floor, show, edge, attempt)));
  return [...tried, ...(await flood(floor, show, edge)), ...(await steal(floor, show, edge))].flatMap(
    (wrong) => wrong ?? [],
  );
}

function attemptsAt(floor: ShopFloor): Attempt[] {
  const body = { key: randomUUID(), product: PRODUCT.id, quantity: 1 };
  const quantities = [0, -1, 1.5, 256, "1", null];
  return [
    ...quantities.map((quantity) => ({
      what: `quantity ${JSON.stringify(quantity)}`,
      body: { ...body, quantity },
      wanted: "malformed",
    })),
    { what: "a price of its own", body: { ...body, price: 1, total: 1 }, wanted: "malformed" },
    { what: "a key that is none", body: { ...body, key: "1" }, wanted: "malformed" },
    {
      what: "more than is sold at once",
      body: { ...body, quantity: PRODUCT.most_at_once + 1 },
      wanted: "quantity_out_of_range",
    },
    { what: "what is not for sale", body: { ...body, product: "castle" }, wanted: "unknown_product" },
    { what: "an anonymous order", body, token: floor.token("nobody", true), wanted: "forbidden" },
    {
      what: "a token with another end",
      body,
      token: `${floor.token("mallory").slice(0, -3)}AAA`,
      wanted: "token_invalid",
    },
    { what: "more than a body holds", body: { ...body, details: { name: "x".repeat(5000) } }, wanted: "too_large" },
  ];
}

async function tryOut(floor: ShopFloor, show: string, edge: number, { what, body, token, wanted }: Attempt) {
  const response = await reached(() => floor.place(show, edge, token ?? floor.token(`mallory-${randomUUID()}`), body));
  const { code } = await problemOf(response);
  return code === wanted ? undefined : `${what}: got ${response.status} "${code}", wanted "${wanted}"`;
}

/** One receiver's flood is held up, told so, and until when; somebody else is answered as ever meanwhile. */
async function flood(floor: ShopFloor, show: string, edge: number): Promise<string[]> {
  const token = floor.token(`mallory-${randomUUID()}`);
  const body = { key: randomUUID(), product: "castle", quantity: 1 };
  const ask = (of: string) => reached(() => floor.place(show, edge, of, body));
  const [other, ...answers] = await Promise.all([
    ask(floor.token(`ada-${randomUUID()}`)),
    ...Array.from({ length: FLOOD }, () => ask(token)),
  ]);
  const problems = await Promise.all(answers.map(problemOf));
  const held = problems.filter(({ code }) => code === "rate_limited");
  const { code } = await problemOf(other!);
  return [
    ...(held.length >= FLOOD / 2 ? [] : [`${held.length} of ${FLOOD} orders at once were held up`]),
    ...(held.every((problem) => (problem.retry_after_s ?? 0) > 0)
      ? []
      : ["a receiver is held up and not told until when"]),
    ...(code === "unknown_product" ? [] : [`while another floods: got "${code}"`]),
  ];
}

/** A receiver decides of nobody's order, and is told of none but its own. */
async function steal(floor: ShopFloor, show: string, edge: number): Promise<string[]> {
  const headers = {
    authorization: `Bearer ${floor.token(`mallory-${randomUUID()}`)}`,
    "content-type": "application/json",
  };
  const url = `${floor.address(edge)}/v1/shows/${show}`;
  const body = JSON.stringify({ decision: "cancel" });
  const decided = await reached(() => fetch(`${url}/decisions/${"0".repeat(32)}`, { method: "POST", headers, body }));
  const listed = await reached(() => fetch(`${url}/orders/mine`, { headers }));
  const { orders } = (await listed.json()) as { readonly orders: readonly object[] };
  return [
    ...(decided.status === 401 || decided.status === 403 ? [] : [`a receiver's decision: got ${decided.status}`]),
    ...(orders.length === 0 ? [] : [`a stranger is told of ${orders.length} orders`]),
  ];
}

async function problemOf(response: Response): Promise<Problem> {
  return (await response.json()) as Problem;
}

/** An edge that is killed or stands still meanwhile is asked again. */
export function reached(ask: () => Promise<Response>): Promise<Response> {
  return insist("an edge answers", async () => {
    const response = await ask();
    return response.status !== 503 && response;
  });
}

/**
 * The same for an order. Who has tried it often while no order processor had shown its key is held up for that, and tries
 * on; whoever is held up at once is told.
 */
export function placed(ask: () => Promise<Response>): Promise<Response> {
  return insist("an edge answers an order", async (attempt) => {
    const response = await ask();
    return response.status !== 503 && (response.status !== 429 || attempt === 0) && response;
  });
}
