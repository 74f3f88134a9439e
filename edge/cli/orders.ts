import * as v from "valibot";
import { bytesToHex } from "@noble/hashes/utils.js";
import { makeEnvelopeKey } from "../../crdt/envelope.ts";
import type { ProductAnswer } from "../selling-answers.ts";
import { buyersOfShow } from "./buyers/books.ts";
import { DEFAULT_FOLDER, openFolder } from "./network/folder.ts";
import { amountText, moneyText } from "./money.ts";
import { say, tableOf } from "./output.ts";
import { saleText } from "./sale/report.ts";
import { verifySale } from "./sale/sources.ts";
import { targetShow, type ShowOptions } from "./show.ts";
import { UserError } from "./user-error.ts";

/** Each product with its price and stock, and how many orders are in which state. */
export async function listOrders(options: ShowOptions): Promise<void> {
  const { api, show } = await targetShow(options, "reader");
  const { products, orders, stuck } = await api.selling(show);
  if (products.length === 0) return say("this show sells nothing");
  say(tableOf([["product", "state", "price", "left", "reserved", "confirmed"], ...products.map(productRow)]));
  say(
    Object.entries(orders)
      .map(([state, count]) => `${state} ${count}`)
      .join(" · "),
  );
  if (stuck.length > 0) say(`${stuck.length} wait for an operator: \`redbutton orders stuck\``);
}

export async function listStuck(options: ShowOptions): Promise<void> {
  const { api, show } = await targetShow(options, "reader");
  const { stuck } = await api.selling(show);
  if (stuck.length === 0) return say("no order waits for an operator");
  const rows = stuck.map(({ order, product, quantity, reason, at, decision = "" }) => [
    order,
    `${quantity} × ${product}`,
    reason,
    new Date(at).toISOString(),
    decision,
  ]);
  say(tableOf([["order", "what", "why", "since", "decided"], ...rows]));
}

const Report = v.object({
  orders: v.number(),
  taken: v.record(v.string(), v.object({ ours: v.number(), theirs: v.number() })),
  differences: v.array(v.object({ order: v.string(), ours: v.string(), theirs: v.string() })),
});

/** Our books beside the provider's, from the order processor itself; the exit code is 1 where they differ. */
export async function reportOrders(options: ShowOptions): Promise<void> {
  const { show } = await targetShow(options, "reader");
  const processes = openFolder(options.dir ?? DEFAULT_FOLDER).processes;
  const status = processes.find(({ role }) => role === "orders")?.status;
  if (status === undefined) throw new UserError("this network has no order processor with a status address");
  const response = await fetch(`${status}/orders/${show}`).catch(() => undefined);
  if (!response?.ok) throw new UserError(`the order processor at ${status} does not report on "${show}"`);
  const { orders, taken, differences } = v.parse(Report, await response.json());
  const rows = Object.entries(taken).map(([currency, sums]) => [
    currency,
    ...[sums.ours, sums.theirs].map((sum) => amountText(sum, currency)),
  ]);
  if (rows.length > 0) say(tableOf([["currency", "our books", "the provider's"], ...rows]));
  for (const { order, ours, theirs } of differences) say(`order ${order}: ours ${ours}, theirs ${theirs}`);
  say(`${orders} orders, ${differences.length === 1 ? "1 difference" : `${differences.length} differences`}`);
  if (differences.length > 0) process.exitCode = 1;
}

/** Everyone's books beside each other, each read from whoever has it; the exit code is 1 where they differ. */
export async function verifyOrders(options: ShowOptions & { readonly wait?: number }): Promise<void> {
  const { wait: waitMs } = options;
  const { show } = await targetShow(options, "reader");
  const folder = openFolder(options.dir ?? DEFAULT_FOLDER);
  const buyers = buyersOfShow(folder.booksFolder, show);
  const sale = await verifySale({ folder, show, buyers, ...(waitMs === undefined ? {} : { waitMs }) });
  say(saleText(sale));
  if (!sale.ok) process.exitCode = 1;
}

export async function commandProduct(
  command: "offer" | "withdraw",
  product: string,
  options: ShowOptions,
): Promise<void> {
  const { api, show } = await targetShow(options, "operator");
  say(productRow(await api.commandProduct(show, product, command)).join("  "));
}

export async function decideOrder(decision: "retry" | "cancel", order: string, options: ShowOptions): Promise<void> {
  const { api, show } = await targetShow(options, "producer");
  await api.decideOrder(show, order, decision);
  say(`order ${order}: ${decision} is decided, and the order processor does it`);
}

/** For `orders.keys` of an order processor: the newest first. */
export async function printEnvelopeKey(): Promise<void> {
  const { secret } = await makeEnvelopeKey();
  say(bytesToHex(secret));
}

function productRow({ id, state, price, currency, stock, sales }: ProductAnswer): string[] {
  const { left, reserved, confirmed } = sales ?? { left: stock, reserved: 0, confirmed: 0 };
  return [id, state, moneyText(price, currency), ...[left, reserved, confirmed].map(String)];
}
