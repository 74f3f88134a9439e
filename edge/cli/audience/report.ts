import type { Mode } from "../../../crdt/show.ts";
import type { RefusalCode } from "../../refusal.ts";
import { countsText, duration, grouped, style, tableOf } from "../output.ts";
import type { Answer, FailureReason } from "./answer.ts";
import type { Totals, TotalsLine } from "./books.ts";
import { Latencies, type LatencySummary } from "./latency.ts";
import type { Deed } from "./receiver.ts";

/** How a press was sent, as latencies are told apart. Who is slow by plan would spoil the others' percentiles. */
export type Way = "http" | "ws" | "slow";

/** A press whose outcome was not heard until its deadline: it counts or it does not. */
export interface UnknownPress {
  readonly receiver: string;
  readonly press: number;
  readonly option: string;
}

/** What an audience did and heard. */
export interface AudienceReport {
  readonly show: string;
  readonly poll: string;
  readonly mode: Mode;
  readonly seed: number;
  readonly receivers: number;
  /** Nothing stayed unknown, and something was acknowledged. */
  readonly ok: boolean;
  readonly sent: number;
  readonly acknowledged: number;
  readonly unknown: readonly UnknownPress[];
  /** Presses that were refused for good. */
  readonly refused: number;
  readonly repeated: number;
  readonly renumbered: number;
  readonly moved: { readonly byPlan: number; readonly byNeed: number };
  readonly refusals: Readonly<Partial<Record<RefusalCode, number>>>;
  readonly failures: Readonly<Partial<Record<FailureReason, number>>>;
  readonly latencies: Readonly<Partial<Record<Way, LatencySummary>>>;
  /** From the first press to the last receipt. */
  readonly seconds: number;
  /** Longest time for which a receiver came later than planned: this machine was too busy, not the edges. */
  readonly lateMs: number;
  /** This process's CPU time a press that was sent, µs. */
  readonly cpuMicros: number;
  readonly books: TotalsLine;
  readonly booksFile: string | undefined;
}

/** How a run stands while it goes on. */
export interface AudienceProgress {
  readonly receivers: number;
  readonly finished: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly seconds: number;
}

/** Counts what an audience does. */
export class Ledger {
  sent = 0;
  acknowledged = 0;
  finished = 0;
  readonly unknown: UnknownPress[] = [];
  #refused = 0;
  #repeated = 0;
  #renumbered = 0;
  #byPlan = 0;
  #byNeed = 0;
  readonly #refusals: Partial<Record<RefusalCode, number>> = {};
  readonly #failures: Partial<Record<FailureReason, number>> = {};
  readonly #latencies: Readonly<Record<Way, Latencies>> = {
    http: new Latencies(),
    ws: new Latencies(),
    slow: new Latencies(),
  };

  heard(answer: Answer): void {
    switch (answer.is) {
      case "receipt":
        return;
      case "refused":
        this.#refusals[answer.code] = (this.#refusals[answer.code] ?? 0) + 1;
        return;
      case "failed":
        this.#failures[answer.reason] = (this.#failures[answer.reason] ?? 0) + 1;
        return;
    }
  }

  did(deed: Deed, way: Way, receiver: string, options: readonly string[]): void {
    switch (deed.is) {
      case "acknowledged":
        this.acknowledged += 1;
        this.#latencies[way].add(deed.afterMs);
        return;
      case "repeated":
        this.#repeated += 1;
        return;
      case "renumbered":
        this.#renumbered += 1;
        return;
      case "refused":
        this.#refused += 1;
        return;
      case "moved":
        if (deed.why === "by plan") this.#byPlan += 1;
        else this.#byNeed += 1;
        return;
      case "unknown":
        this.unknown.push({ receiver, press: deed.press.number, option: options[deed.press.option]! });
        return;
    }
  }

  report(
    run: Pick<AudienceReport, "show" | "poll" | "mode" | "seed" | "seconds" | "lateMs" | "cpuMicros" | "booksFile">,
    books: Totals,
  ): AudienceReport {
    const latencies: Partial<Record<Way, LatencySummary>> = {};
    for (const way of WAYS) {
      const summary = this.#latencies[way].summary();
      if (summary) latencies[way] = summary;
    }
    return {
      ...run,
      ok: this.unknown.length === 0 && this.acknowledged > 0,
      receivers: this.finished,
      sent: this.sent,
      acknowledged: this.acknowledged,
      unknown: this.unknown,
      refused: this.#refused,
      repeated: this.#repeated,
      renumbered: this.#renumbered,
      moved: { byPlan: this.#byPlan, byNeed: this.#byNeed },
      refusals: this.#refusals,
      failures: this.#failures,
      latencies,
      books: books.line(),
    };
  }
}

const WAYS: readonly Way[] = ["http", "ws", "slow"];
/** Presses of unknown outcome that are named one by one. */
const MAX_NAMED = 10;

/** The report for people. */
export function reportText(report: AudienceReport): string {
  const { receivers, acknowledged, seconds, seed, poll, show } = report;
  const rate = grouped(acknowledged / Math.max(seconds, 0.001));
  const lines = [
    `${grouped(receivers)} receivers, ${grouped(acknowledged)} presses acknowledged in ${seconds.toFixed(1)} s (${rate}/s) for ${show}/${poll}, seed ${seed}`,
    `repeated ${grouped(report.repeated)}, moved ${grouped(report.moved.byPlan)} by plan and ${grouped(report.moved.byNeed)} by need, renumbered ${grouped(report.renumbered)}; ${report.cpuMicros.toFixed(0)} µs of CPU time here a try`,
    `tries that came to nothing: ${countsText({ ...report.refusals, ...report.failures })}`,
    ...(report.refused > 0 ? [`presses refused for good: ${grouped(report.refused)}`] : []),
    ...(report.lateMs > LATE_MS
      ? [style("yellow", `this machine was too busy: receivers came up to ${duration(report.lateMs)} late`)]
      : []),
    ...(acknowledged > 0 ? ["", latencyTable(report)] : []),
    "",
    totalsTable(report.books),
    ...(report.booksFile === undefined ? [] : [`books: ${report.booksFile}`]),
    ...unknownText(report.unknown),
  ];
  return lines.join("\n");
}

/** Below it nobody notices. */
const LATE_MS = 250;

function latencyTable({ latencies }: AudienceReport): string {
  const rows = WAYS.flatMap((way) => {
    const of = latencies[way];
    return of ? [[way, grouped(of.count), ...[of.p50, of.p90, of.p99, of.max].map((ms) => ms.toFixed(1))]] : [];
  });
  return tableOf([["press to receipt, ms", "presses", "p50", "p90", "p99", "max"], ...rows]);
}

function totalsTable({ totals, unknown }: TotalsLine): string {
  const rows = Object.entries(totals).map(([option, count]) => [option, grouped(count)]);
  return tableOf([["expected", "choices"], ...rows, ...(unknown > 0 ? [["(unknown)", grouped(unknown)]] : [])]);
}

function unknownText(unknown: readonly UnknownPress[]): string[] {
  if (unknown.length === 0) return [];
  const named = unknown
    .slice(0, MAX_NAMED)
    .map(({ receiver, press, option }) => `  ${receiver}, press ${press} for "${option}"`);
  const more = unknown.length > MAX_NAMED ? [`  and ${grouped(unknown.length - MAX_NAMED)} more`] : [];
  return [
    "",
    style(["bold", "red"], `UNKNOWN: ${grouped(unknown.length)} presses were neither acknowledged nor refused`),
    ...named,
    ...more,
  ];
}
