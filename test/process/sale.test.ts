// A limited item is sold by `redbutton up` to more buyers than there are pieces, an edge and the order processor are
// killed in the middle, and everyone's books agree to the cent: the provider's, the database's, and the buyers'.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { DEMO_PROVIDER_BOOKS } from "../../edge/cli/network/local-shop.ts";
import { openFolder } from "../../edge/cli/network/folder.ts";
import { EdgeApi } from "../../edge/cli/api.ts";
import { buyersOfShow } from "../../edge/cli/buyers/books.ts";
import { askControl, controlPath } from "../../edge/cli/supervise/control.ts";
import { openOrderDatabase } from "../../monitor/database.ts";
import type { DemoEntry } from "../../monitor/demo-provider/books.ts";
import { endAll, freeBase, redbutton, until } from "../support/processes.ts";

const SHOW = "talent-final";
const STOCK = 100;
const PRICE = 2990;
const BUYERS = 130;

let dir: string;

afterEach(async () => {
  await endAll();
  rmSync(dirname(dir), { recursive: true, force: true });
});

test("more buyers than stock, an edge and the processor killed: provider, database and receivers agree to the cent", async () => {
  dir = join(mkdtempSync(join(tmpdir(), "redbutton-sale-")), "net");
  const up = redbutton(["up", "--dir", dir, "--port", String(await freeBase())]);
  await until("a network that sells", () => /orders ok.*demo-provider ok/.test(up.output()), 60_000).catch(
    (error: Error) => {
      throw new Error(`${error.message}:\n${up.output()}`);
    },
  );

  const audience = redbutton(["audience", "--buyers", String(BUYERS), "--rate", "30", "--seed", "7", "--dir", dir]);
  // In the middle: some are charged, and most are still to come.
  await until("charges", () => provider().length >= 10, 60_000);
  for (const name of ["fra", "orders"])
    expect(await askControl(controlPath(openFolder(dir).path), { ask: "kill", name })).toMatchObject({ ok: true });
  const before = provider().length;
  expect(await audience.exited, audience.output()).toBe(0);
  expect(audience.output()).toContain("receivers, database, provider and edges agree to the cent");
  expect(up.output().match(/ended \(SIGKILL\)/g)).toHaveLength(2);

  const edges = await Promise.all(openFolder(dir).edges.map(({ address }) => confirmedAt(address)));
  up.signal("SIGTERM");
  expect(await up.exited).toBe(0);
  // All of it again from the files that they left, by nobody's word.
  expect(provider().length).toBeGreaterThan(before);
  const charged = provider().filter(({ state }) => state === "charged");
  const told = buyersOfShow(join(dir, "books"), SHOW).flatMap(({ end }) => (end.is === "told" ? [end.order] : []));
  const confirmed = told.filter(({ state }) => state === "confirmed");
  const { orders, left } = await database();
  const booked = orders.filter(({ state }) => state === "confirmed");
  const sums = [sum(charged, "amount"), sum(booked, "total"), sum(confirmed, "total")];
  expect(sums).toEqual(sums.map(() => STOCK * PRICE));
  expect(new Set(charged.map(({ reference }) => reference)).size).toBe(charged.length);
  expect(charged.map(({ reference }) => reference).sort()).toEqual(confirmed.map(({ id }) => id).sort());
  expect([told.length, orders.length, sum(booked, "quantity"), left]).toEqual([BUYERS, BUYERS, STOCK, 0]);
  expect(edges).toEqual(edges.map(() => confirmed.length));
});

/** Lines of the provider's own file. */
function provider(): DemoEntry[] {
  const file = join(dir, DEMO_PROVIDER_BOOKS);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as DemoEntry);
}

async function database() {
  const { store, books } = await openOrderDatabase(`file:${join(dir, "orders.db")}`);
  try {
    return { orders: await books.orders(SHOW), left: (await books.sales(SHOW))["shirt"]?.left };
  } finally {
    await store.close();
  }
}

async function confirmedAt(address: string): Promise<number> {
  return (await new EdgeApi(address, openFolder(dir).operatorToken("reader")).selling(SHOW)).orders.confirmed;
}

function sum<K extends string>(rows: readonly Readonly<Record<K, number>>[], key: K): number {
  return rows.reduce((total, row) => total + row[key], 0);
}
