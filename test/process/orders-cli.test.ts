// `redbutton orders …` from outside: what a show sells, what becomes of its orders, and every no with its exit code.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { hexToBytes } from "@noble/hashes/utils.js";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { SellingAnswer } from "../../edge/selling-answers.ts";
import { readEnvelopeKey } from "../../crdt/envelope.ts";
import { newEnvelopeKey } from "../../edge/cli/network/local-shop.ts";
import { RECORDER } from "../../edge/cli/network/plan.ts";
import { freePorts } from "../../edge/cli/network/ports.ts";
import type { Listener } from "../../edge/runtime/host/door.ts";
import { servePublic } from "../../edge/runtime/node/public.ts";
import { DemoBooks } from "../../monitor/demo-provider/books.ts";
import { DemoProvider } from "../../monitor/demo-provider/demo-provider.ts";
import { providerHandler } from "../../monitor/demo-provider/http.ts";
import type { Booking, Charge } from "../../monitor/orders/provider.ts";
import { removeFolder, temporaryFolder } from "../support/database.ts";
import { startNetwork, type TestNetwork } from "../support/network.ts";
import { endAll, redbutton, until } from "../support/processes.ts";

const SECRET = "the provider's secret";
const HOST = "127.0.0.1";
const CLOCK = { now: () => Date.now() };
const EDGES = ["fra", "nyc"];
const SHOW = "sale";
const SHIRT = { id: "shirt", title: "Shirt", price: 2990, currency: "EUR", stock: 5 };

/** A provider that says it took a cent too much, while it is told to: such an order waits for an operator. */
class Sloppy extends DemoProvider {
  isSloppy = true;

  override async charge(charge: Charge): Promise<Booking> {
    const booking = await super.charge(charge);
    return this.isSloppy && booking.state === "charged" ? { ...booking, amount: booking.amount + 1 } : booking;
  }
}

let folder: string;
let books: DemoBooks;
let provider: Sloppy;
let listener: Listener;
let network: TestNetwork;

beforeAll(async () => {
  folder = temporaryFolder();
  books = DemoBooks.open(join(folder, "provider.jsonl"));
  provider = new Sloppy(books, CLOCK);
  const handler = providerHandler(provider, SECRET, CLOCK);
  listener = await servePublic({ host: HOST, port: 0, maxMessageBytes: 0, onerror: () => {} }, handler);
  const [status = 0] = await freePorts(1);
  const url = `http://${HOST}:${listener.port}`;
  const orders = { provider: { url, secret: SECRET }, keys: [newEnvelopeKey()] };
  network = await startNetwork("deno", EDGES, {
    processes: [
      RECORDER,
      { name: "orders", role: "orders", store: "file:orders.db", listen: { host: HOST, status }, settings: { orders } },
    ],
  });
});
afterEach(endAll);
afterAll(async () => {
  await network.end();
  await listener.close(0);
  books.close();
  removeFolder(folder);
});

interface Said {
  readonly code: number | string;
  readonly output: string;
}

/** Runs `redbutton orders …` on this network. */
async function orders(...args: readonly string[]): Promise<Said> {
  const command = redbutton(["orders", ...args, "--dir", network.folder.path]);
  return { code: await command.exited, output: command.output() };
}

/** Buys a shirt; the order's id. */
async function buy(subject: string): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const token = network.folder.tokenKeys().receivers.sign({ sub: subject, exp, role: "receiver", anon: false });
  const body = JSON.stringify({ key: randomUUID(), product: "shirt", quantity: 1 });
  return until(`an order of ${subject}`, async () => {
    const response = await fetch(`${network.address("fra")}/v1/shows/${SHOW}/orders`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body,
    });
    return response.status === 202 && ((await response.json()) as { id: string }).id;
  });
}

/** Waits until every edge's view of selling is so: the command line asks any of them. */
function selling(what: string, isSo: (view: SellingAnswer) => boolean): Promise<boolean> {
  return until(what, async () => {
    const views = await Promise.all(EDGES.map((edge) => network.api(edge).selling(SHOW)));
    return views.every(isSo);
  });
}

test("key: makes an envelope key that an order processor takes, and another one each time", async () => {
  const commands = [redbutton(["orders", "key"]), redbutton(["orders", "key"])];
  expect(await Promise.all(commands.map(({ exited }) => exited))).toEqual([0, 0]);
  const keys = commands.map((command) => readEnvelopeKey(hexToBytes(command.output().trim())));
  expect(new Set((await Promise.all(keys)).map(({ id }) => id)).size).toBe(2);
});

test("list and offer: a product is hidden, then offered; nothing is sold where nothing is for sale", async () => {
  const none = await orders("list");
  expect(none).toMatchObject({ code: 1, output: expect.stringContaining("there is no show yet") });
  await network.api("fra").createShow({ id: "talk", title: "Talk", polls: [] });
  expect(await orders("list")).toEqual({ code: 0, output: "this show sells nothing\n" });
  await network.api("fra").createShow({ id: SHOW, title: "Sale", polls: [], products: [SHIRT] });
  const which = await orders("list");
  expect(which).toMatchObject({ code: 1, output: expect.stringContaining("which show?") });
  expect((await orders("list", "--show", SHOW)).output).toMatch(/shirt +hidden +29\.90 EUR/);
  const unknown = await orders("offer", "mug", "--show", SHOW);
  expect(unknown).toMatchObject({ code: 1, output: expect.stringContaining("unknown_product") });
  const reader = network.folder.operatorToken("reader");
  const forbidden = await orders("offer", "shirt", "--show", SHOW, "--token", reader);
  expect(forbidden).toMatchObject({ code: 1, output: expect.stringContaining("forbidden") });
  expect(await orders("offer", "shirt", "--show", SHOW)).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^shirt {2}offered {2}29\.90 EUR/),
  });
});

test("stuck, retry and cancel: what the processor cannot end by itself, an operator does", async () => {
  expect(await orders("stuck", "--show", SHOW)).toEqual({ code: 0, output: "no order waits for an operator\n" });
  const [kept, given] = [await buy("tv-1"), await buy("tv-2")];
  await selling("two dead letters", ({ stuck }) => stuck.length === 2);
  const stuck = await orders("stuck", "--show", SHOW);
  for (const order of [kept, given]) expect(stuck.output).toMatch(new RegExp(`${order} +1 × shirt +amount-differs`));
  expect((await orders("list", "--show", SHOW)).output).toContain("2 wait for an operator: `redbutton orders stuck`");

  provider.isSloppy = false;
  expect(await orders("retry", kept, "--show", SHOW)).toMatchObject({ code: 0 });
  expect(await orders("cancel", given, "--show", SHOW)).toMatchObject({ code: 0 });
  await selling("both ends", ({ orders: its }) => its.confirmed === 1 && its.cancelled === 1);
  await selling(
    "the stock of both",
    ({ products: [shirt] }) => shirt?.sales?.left === 4 && shirt.sales.confirmed === 1,
  );
  expect((await orders("stuck", "--show", SHOW)).output).toBe("no order waits for an operator\n");
  expect((await orders("list", "--show", SHOW)).output).toMatch(
    /shirt +offered +29\.90 EUR +4 +0 +1\n.*confirmed 1 · rejected 0 · cancelled 1/s,
  );
  expect(await provider.list(SHOW)).toEqual(
    expect.arrayContaining([
      { reference: kept, state: "charged", amount: 2990, currency: "EUR" },
      { reference: given, state: "refunded", amount: 2990, currency: "EUR" },
    ]),
  );

  const again = await orders("retry", kept, "--show", SHOW);
  expect(again).toMatchObject({ code: 1, output: expect.stringContaining("order_state") });
  const unknown = await orders("cancel", "ab".repeat(16), "--show", SHOW);
  expect(unknown).toMatchObject({ code: 1, output: expect.stringContaining("unknown_order") });
});

test("report and verify: equal to the cent, and not where the provider has what nobody ordered", async () => {
  const equal = await orders("report", "--show", SHOW);
  expect(equal.output).toMatch(/EUR +29\.90 +29\.90/);
  expect(equal).toMatchObject({ code: 0, output: expect.stringContaining("2 orders, 0 differences") });
  const verified = await orders("verify", "--show", SHOW);
  expect(verified).toMatchObject({ code: 0, output: expect.stringContaining("agree to the cent") });
  expect(verified.output).toMatch(/provider's books +– +1 +– +– +29\.90 EUR/);

  const stranger = "cd".repeat(16);
  const charge = { reference: stranger, show: SHOW, product: "shirt", quantity: 1, amount: 1, currency: "EUR" };
  await provider.charge({ ...charge, account: "nobody", details: {} });
  const differs = await orders("report", "--show", SHOW);
  expect(differs).toMatchObject({ code: 1, output: expect.stringContaining("1 difference") });
  expect(differs.output).toContain(`order ${stranger}: ours absent, theirs charged 1 EUR`);
  expect(differs.output).toMatch(/EUR +29\.90 +29\.91/);
  const unequal = await orders("verify", "--show", SHOW, "--wait", "0");
  expect(unequal).toMatchObject({ code: 1, output: expect.stringContaining("NOT EQUAL") });
  expect(unequal.output).toContain("taken: the database has 29.90 EUR, the provider 29.91 EUR");
});

test("withdraw: takes a product off sale for good", async () => {
  const withdrawn = await orders("withdraw", "shirt", "--show", SHOW);
  expect(withdrawn).toMatchObject({ code: 0, output: expect.stringMatching(/^shirt {2}withdrawn/) });
  const again = await orders("offer", "shirt", "--show", SHOW);
  expect(again).toMatchObject({ code: 1, output: expect.stringContaining("product_state") });
});
