// The demo's payment provider, asked by the order processor's own client over HTTP: it keeps docs/orders.md's contract.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Listener } from "../../../edge/runtime/host/door.ts";
import { servePublic } from "../../../edge/runtime/node/public.ts";
import { DemoBooks } from "../../../monitor/demo-provider/books.ts";
import { DEMO_PIN, DemoProvider } from "../../../monitor/demo-provider/demo-provider.ts";
import { providerHandler } from "../../../monitor/demo-provider/http.ts";
import { WebhookProvider } from "../../../monitor/orders/webhook.ts";
import { removeFolder, temporaryFolder } from "../../support/database.ts";
import { ORDER_ID } from "../../support/orders.ts";

const SECRET = "the demo's secret";
const CLOCK = { now: () => Date.now() };
const SALE = { reference: ORDER_ID, show: "final", product: "shirt", quantity: 2, amount: 5980, currency: "EUR" };
const CHARGE = { ...SALE, account: "tv-1", details: { name: "Ada" } };
const CHARGED = { state: "charged", amount: 5980, currency: "EUR" };

let folder: string;
let books: DemoBooks;
let listener: Listener;

beforeEach(async () => {
  folder = temporaryFolder();
  books = DemoBooks.open(join(folder, "books.jsonl"));
  await serve();
});
afterEach(async () => {
  await listener.close(0);
  books.close();
  removeFolder(folder);
});

async function serve(): Promise<void> {
  const handler = providerHandler(new DemoProvider(books, CLOCK), SECRET, CLOCK);
  listener = await servePublic({ host: "127.0.0.1", port: 0, maxMessageBytes: 0, onerror: () => {} }, handler);
}

/** As by kill -9: what is not on the disk is gone. */
async function restart(): Promise<void> {
  await listener.close(0);
  books.close();
  books = DemoBooks.open(join(folder, "books.jsonl"));
  await serve();
}

const client = (secret = SECRET) =>
  new WebhookProvider({ url: `http://127.0.0.1:${listener.port}`, secret, clock: CLOCK });

test("a reference is charged once, also over a restart, and its books are lines of JSON without personal data", async () => {
  expect(await client().charge(CHARGE)).toEqual(CHARGED);
  appendFileSync(join(folder, "books.jsonl"), '{"at":1,"reference":"torn');
  await restart();
  expect(await client().charge({ ...CHARGE, amount: 1 })).toEqual(CHARGED);
  expect(await client().find(ORDER_ID)).toEqual(CHARGED);
  expect(await client().list("final")).toEqual([{ reference: ORDER_ID, ...CHARGED }]);
  expect(await client().list("another")).toEqual([]);
  const [line, ...others] = readFileSync(join(folder, "books.jsonl"), "utf8").trimEnd().split("\n");
  expect(others).toEqual([]);
  expect(JSON.parse(line!)).toEqual({ ...SALE, state: "charged", at: expect.any(Number) });
});

test("a refund gives back once, and closes what was never charged", async () => {
  const absent = "ab".repeat(16);
  expect(await client().find(absent)).toEqual({ state: "absent" });
  expect(await client().refund(absent)).toEqual({ state: "refused", reason: "closed" });
  expect(await client().charge({ ...CHARGE, reference: absent })).toEqual({ state: "refused", reason: "closed" });
  await client().charge(CHARGE);
  const refunded = { ...CHARGED, state: "refunded" };
  expect(await client().refund(ORDER_ID)).toEqual(refunded);
  await restart();
  expect(await client().refund(ORDER_ID)).toEqual(refunded);
  expect(await client().charge(CHARGE)).toEqual(refunded);
  expect(await client().list("final")).toEqual([{ reference: ORDER_ID, ...refunded }]);
});

test("a wrong PIN is refused, and so is whoever cannot sign, or sends what is no charge", async () => {
  const refused = { state: "refused", reason: "pin-wrong" };
  expect(await client().charge({ ...CHARGE, pin: "0000" })).toEqual(refused);
  expect(await client().list("final")).toEqual([]);
  expect(await client().charge({ ...CHARGE, reference: "ab".repeat(16), pin: DEMO_PIN })).toEqual(CHARGED);
  await expect(client("another secret").charge(CHARGE)).rejects.toThrow("with 401");
  await expect(client().charge({ ...CHARGE, amount: -1 })).rejects.toThrow("with 400");
  await expect(client().charge({ ...CHARGE, details: { long: "x".repeat(9000) } })).rejects.toThrow("with 413");
  await expect(client().charge({ ...CHARGE, reference: "../1" })).rejects.toThrow("with 400");
});
