// Claims of a processor that was killed: its next boot has them at once where nobody else can hold any.
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOrderDatabase } from "../../../monitor/database.ts";
import { CLAIM_MS } from "../../../monitor/orders/show-orders.ts";
import { removeFolder, temporaryFolder } from "../../support/database.ts";
import { anOrder, aProduct, ORDER_ID } from "../../support/orders.ts";
import { findSqld, startSqld } from "../../support/sqld.ts";

const SHOW = "final";
const NOW = 1000;

let folder: string;

beforeEach(() => void (folder = temporaryFolder()));
afterEach(() => removeFolder(folder));

/** Takes an order and claims it, is killed, and claims again at once: how often its next boot has tried. */
async function claimedAgain(url: string): Promise<number | undefined> {
  const { store, books } = await openOrderDatabase(url);
  await books.shelve(SHOW, [aProduct()]);
  await books.take(SHOW, [{ order: anOrder(), total: 2990, currency: "EUR" }]);
  const claim = (of: typeof books) => of.claim(SHOW, NOW, NOW + CLAIM_MS, 1);
  expect(await claim(books)).toMatchObject([{ order: ORDER_ID, tries: 1 }]);
  expect(await claim(books)).toEqual([]);
  await store.close();
  const next = await openOrderDatabase(url);
  const [again] = await claim(next.books);
  await next.store.close();
  return again?.tries;
}

test("in a file an order that was claimed by a boot that is gone does not wait", async () => {
  expect(await claimedAgain(`file:${join(folder, "orders.db")}`)).toBe(2);
});

const found = findSqld();
const missing = "missing" in found ? found.missing : "";
test.skipIf(missing)(
  `on a server it waits until its claim runs out: another processor may hold it${missing}`,
  async () => {
    const server = await startSqld(folder);
    try {
      expect(await claimedAgain(server.url)).toBe(undefined);
    } finally {
      await server.stop();
    }
  },
);
