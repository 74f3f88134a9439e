import type { FailureReason } from "../audience/answer.ts";
import { Latencies, type LatencySummary } from "../audience/latency.ts";
import type { RefusalCode } from "../../refusal.ts";
import { countsText, grouped, style, tableOf } from "../output.ts";
import type { BuyerLine } from "./books.ts";
import type { BuyerEvents } from "./buyer.ts";
import type { TillAnswer } from "./till.ts";

/** How a run stands while it goes on. */
export interface BuyersProgress {
  readonly buyers: number;
  readonly acknowledged: number;
  readonly over: number;
}

/** Counts what buyers do. */
export class BuyersLedger implements BuyerEvents {
  acknowledged = 0;
  over = 0;
  repeated = 0;
  readonly moved = { "by plan": 0, "by need": 0 };
  readonly misses: Partial<Record<RefusalCode | FailureReason, number>> = {};
  readonly #toReceipt = new Latencies();
  readonly #toOutcome = new Latencies();

  onanswer(answer: TillAnswer): void {
    if (answer.is === "order") return;
    const name = answer.is === "refused" ? answer.code : answer.reason;
    this.misses[name] = (this.misses[name] ?? 0) + 1;
  }

  onacknowledged(afterMs: number): void {
    this.acknowledged += 1;
    this.#toReceipt.add(afterMs);
  }

  onover(afterMs: number): void {
    this.over += 1;
    this.#toOutcome.add(afterMs);
  }

  onmoved(why: "by plan" | "by need"): void {
    this.moved[why] += 1;
  }

  onrepeated(): void {
    this.repeated += 1;
  }

  latencies(): readonly (readonly [what: string, summary: LatencySummary | undefined])[] {
    return [
      ["order to receipt", this.#toReceipt.summary()],
      ["order to outcome", this.#toOutcome.summary()],
    ];
  }
}

/** What a run came to. */
export interface BuyersReport {
  readonly show: string;
  readonly product: string;
  readonly seed: number;
  readonly seconds: number;
  readonly ledger: BuyersLedger;
  readonly lines: readonly BuyerLine[];
  readonly booksFile: string | undefined;
}

/** Buyers who were not told how their order ended. */
export function openEnds({ lines }: Pick<BuyersReport, "lines">): string[] {
  return lines.flatMap(({ buyer, end }) => {
    if (end.is === "unknown") return [`${buyer}: nobody said whether its order was taken`];
    if (end.is !== "told" || (end.order.state !== "received" && end.order.state !== "reserved")) return [];
    return [`${buyer}: order ${end.order.id} is still ${end.order.state}`];
  });
}

/** Lines that are named one by one. */
const MAX_NAMED = 10;

/** The report for people. */
export function buyersText(report: BuyersReport): string {
  const { show, product, seed, seconds, ledger, lines, booksFile } = report;
  const { acknowledged, repeated, moved, misses } = ledger;
  const open = openEnds(report);
  const refused = lines.filter(({ end }) => end.is === "refused").length;
  return [
    `${grouped(lines.length)} buyers, ${grouped(acknowledged)} orders acknowledged in ${seconds.toFixed(1)} s for ${show}/${product}, seed ${seed}`,
    `sent again ${grouped(repeated)}, moved ${grouped(moved["by plan"])} by plan and ${grouped(moved["by need"])} by need`,
    `tries that came to nothing: ${countsText(misses)}`,
    ...(refused > 0 ? [`orders refused for good: ${grouped(refused)}`] : []),
    ...(acknowledged > 0 ? ["", latencyTable(ledger)] : []),
    ...(booksFile === undefined ? [] : [`books: ${booksFile}`]),
    ...(open.length === 0 ? [] : ["", style(["bold", "red"], `WITHOUT AN END: ${grouped(open.length)} orders`)]),
    ...open.slice(0, MAX_NAMED).map((line) => `  ${line}`),
  ].join("\n");
}

function latencyTable(ledger: BuyersLedger): string {
  const rows = ledger.latencies().flatMap(([what, of]) => {
    if (!of) return [];
    return [[what, grouped(of.count), ...[of.p50, of.p90, of.p99, of.max].map((ms) => ms.toFixed(1))]];
  });
  return tableOf([["ms", "orders", "p50", "p90", "p99", "max"], ...rows]);
}
