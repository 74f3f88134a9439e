import { moneyText } from "../money.ts";
import { grouped, style, tableOf } from "../output.ts";
import type { SaleReport, SaleRow, Sums } from "./comparison.ts";

/** Differences that are named one by one. */
const MAX_NAMED = 20;

/** The comparison for people. */
export function saleText({ rows, shelves, differences, ok }: SaleReport): string {
  const named = differences.slice(0, MAX_NAMED).map((line) => `  ${line}`);
  const more = differences.length > MAX_NAMED ? [`  and ${grouped(differences.length - MAX_NAMED)} more`] : [];
  return [
    tableOf([["", "orders", "confirmed", "rejected", "cancelled", "taken"], ...rows.map(cellsOf)]),
    "",
    tableOf([
      ["product", "stock", "sold", "reserved", "left"],
      ...shelves.map(({ product, ...its }) => [
        product,
        ...[its.stock, its.confirmed, its.reserved, its.left].map(String),
      ]),
    ]),
    "",
    ok
      ? style("green", "receivers, database, provider and edges agree to the cent")
      : style(["bold", "red"], `NOT EQUAL: ${grouped(differences.length)} differences`),
    ...named,
    ...more,
  ].join("\n");
}

function cellsOf({ source, orders, states, taken }: SaleRow): string[] {
  const counts = [orders, states.confirmed, states.rejected, states.cancelled];
  return [source, ...counts.map((count) => (count === undefined ? "–" : grouped(count))), sumsText(taken)];
}

function sumsText(sums: Sums | undefined): string {
  if (!sums) return "–";
  return (
    Object.entries(sums)
      .map(([currency, sum]) => moneyText(sum, currency))
      .join(" + ") || "nothing"
  );
}
