import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ReceiptAnswer } from "../../../edge/cli/audience/answer.ts";
import {
  BooksWriter,
  readBooks,
  Totals,
  type AudienceLine,
  type ReceiverLine,
} from "../../../edge/cli/audience/books.ts";
import { Dice } from "../../../edge/cli/audience/dice.ts";
import { expectations } from "../../../edge/cli/audience/expectation.ts";
import { Latencies, percentile } from "../../../edge/cli/audience/latency.ts";
import { Schedule } from "../../../edge/cli/audience/schedule.ts";
import { booksOfShow } from "../../../edge/cli/verify/booked.ts";

const folder = mkdtempSync(join(tmpdir(), "redbutton-books-"));
afterAll(() => rmSync(folder, { recursive: true }));

const receiptAt = (time: number, edge = "fra"): ReceiptAnswer => ({
  is: "receipt",
  shard: 0,
  edge,
  boot: "00".repeat(8),
  sequence: 1,
  time,
});
const trace = (press: number, option: number, receipt?: ReceiptAnswer, k = 1) => ({ press, option, k, receipt });

describe("what a receiver may expect", () => {
  test("last counts: its greatest press, whatever the clocks say", () => {
    expect(expectations("last", [trace(2, 1, receiptAt(50)), trace(1, 0, receiptAt(90))])).toEqual([
      { k: 1, options: [1] },
    ]);
  });

  test("first counts: its earliest ballot, ties by the edge's name", () => {
    expect(expectations("first", [trace(1, 0, receiptAt(90)), trace(2, 1, receiptAt(50))])).toEqual([
      { k: 1, options: [1] },
    ]);
    expect(expectations("first", [trace(1, 0, receiptAt(90, "nyc")), trace(2, 1, receiptAt(90, "fra"))])).toEqual([
      { k: 1, options: [1] },
    ]);
  });

  test("votes: the last press of each", () => {
    const trail = [trace(1, 0, receiptAt(1), 1), trace(1, 2, receiptAt(2), 2), trace(2, 1, receiptAt(3), 1)];
    expect(expectations("votes", trail)).toEqual([
      { k: 1, options: [1] },
      { k: 2, options: [2] },
    ]);
  });

  test("an answer that got lost makes a later press uncertain, and a retried one not", () => {
    expect(expectations("last", [trace(1, 0, receiptAt(1)), trace(2, 1)])).toEqual([{ k: 1, options: [0, 1] }]);
    expect(expectations("last", [trace(1, 0), trace(1, 0, receiptAt(1))])).toEqual([{ k: 1, options: [0] }]);
    expect(expectations("last", [trace(1, 1), trace(2, 0, receiptAt(1))])).toEqual([{ k: 1, options: [0] }]);
    expect(expectations("last", [trace(1, 1)])).toEqual([{ k: 1, options: [undefined, 1] }]);
    expect(expectations("last", [])).toEqual([]);
  });
});

const head: AudienceLine = {
  kind: "audience",
  version: 1,
  show: "demo",
  poll: "best",
  mode: "last",
  options: ["red", "green"],
  seed: 1,
  edges: ["fra"],
  started: 5,
};
const line = (receiver: string, ...options: (string | null)[]): ReceiverLine => ({
  kind: "receiver",
  receiver,
  poll: "best",
  presses: [{ press: 1, k: 1, option: "red", shard: 0, edge: "fra", boot: "00".repeat(8), sequence: 9 }],
  expected: options.length === 0 ? [] : [{ k: 1, options }],
});

describe("books", () => {
  test("are read as they were written", async () => {
    const file = join(folder, "deep/er/books.ndjson");
    const writer = new BooksWriter(file, head);
    const totals = new Totals(head.options);
    const lines = Array.from({ length: 450 }, (_, i) => line(`tv-${i}`, i % 3 === 0 ? "red" : "green"));
    for (const each of lines) {
      writer.add(each);
      totals.add(each);
    }
    await writer.close(totals.line());
    const books = readBooks(file);
    expect(books.audience).toEqual(head);
    expect(books.receivers).toEqual(lines);
    expect(books.totals).toEqual({ kind: "totals", receivers: 450, unknown: 0, totals: { red: 150, green: 300 } });
  });

  test("count what is uncertain apart, and nothing for who expects nothing", () => {
    const totals = new Totals(head.options);
    for (const each of [line("a", "red"), line("b", "red", "green"), line("c"), line("d", null, "red")])
      totals.add(each);
    expect(totals.line()).toEqual({ kind: "totals", receivers: 4, unknown: 2, totals: { red: 1, green: 0 } });
  });

  test("of an interrupted audience have no totals, and no line that it was writing", () => {
    const file = join(folder, "interrupted.ndjson");
    const text = [head, line("a", "red")].map((each) => `${JSON.stringify(each)}\n`).join("");
    for (const written of [text, `${text}{"kind":`]) {
      writeFileSync(file, written);
      expect(readBooks(file)).toMatchObject({ receivers: [line("a", "red")], totals: undefined });
    }
  });

  test("of a show are those in the folder; an audience that has just begun has none yet", async () => {
    const books = join(folder, "of-show");
    await new BooksWriter(join(books, "done.ndjson"), head).close(new Totals([]).line());
    await new BooksWriter(join(books, "other.ndjson"), { ...head, show: "other" }).close(new Totals([]).line());
    writeFileSync(join(books, "begun.ndjson"), "");
    expect(booksOfShow(books, "demo").map(({ file }) => file)).toEqual([join(books, "done.ndjson")]);
  });

  test.each([
    ["", "got no line that says whose they are"],
    [`${JSON.stringify(line("a"))}\n`, "got no line that says whose they are"],
    [`${JSON.stringify(head)}\n{"kind":"receiver"}\n`, "line 2 is none"],
    [`${JSON.stringify(head)}\n{"kind":\n`, "line 2 is none"],
  ])("that are none are refused: %j", (text, message) => {
    const file = join(folder, "none.ndjson");
    writeFileSync(file, text);
    expect(() => readBooks(file)).toThrow(message);
  });
});

describe("latencies", () => {
  test("give percentiles by nearest rank", () => {
    const sorted = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0.5, 0.9, 0.99, 1].map((part) => percentile(sorted, part))).toEqual([50, 90, 99, 100]);
    expect([0.01, 0.5, 1].map((part) => percentile([7], part))).toEqual([7, 7, 7]);
  });

  test("are summed up whatever their order and number", () => {
    const latencies = new Latencies();
    expect(latencies.summary()).toBeUndefined();
    for (let i = 5000; i > 0; i--) latencies.add(i);
    expect(latencies.summary()).toEqual({ count: 5000, p50: 2500, p90: 4500, p99: 4950, max: 5000 });
  });
});

test("a schedule lets all come, in order, at its rate on average", () => {
  const schedule = new Schedule(10_000, 500, new Dice(4));
  const times: number[] = [];
  const numbers: number[] = [];
  for (let at = schedule.nextAt; at !== undefined; at = schedule.nextAt) {
    times.push(at);
    numbers.push(schedule.take());
  }
  expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)! / 1000).toBeGreaterThan(19);
  expect(times.at(-1)! / 1000).toBeLessThan(21);
});
