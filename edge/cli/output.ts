import { styleText } from "node:util";
import { table, type TableUserConfig } from "table";
import { parseLine, textLine } from "../runtime/host/log.ts";

type Style = Parameters<typeof styleText>[0];

/** Styles text where the terminal takes it, and nowhere else. */
export function style(format: Style, text: string): string {
  return styleText(format, text, { stream: process.stdout });
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const NAME_STYLES: readonly Style[] = ["cyan", "magenta", "blue", "yellow", "green"];

/** Writes members' log lines, each behind its member's name, readable whatever form they come in. */
export class MemberLog {
  readonly #names: readonly string[];
  readonly #width: number;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#width = Math.max(...names.map((name) => name.length), "redbutton".length);
  }

  write(name: string, text: string): void {
    const format = NAME_STYLES[this.#names.indexOf(name) % NAME_STYLES.length] ?? "dim";
    say(`${style(format, name.padEnd(this.#width))} ${readable(text)}`);
  }

  /** A line of our own. */
  note(text: string): void {
    say(`${style("bold", "redbutton".padEnd(this.#width))} ${text}`);
  }
}

function readable(text: string): string {
  const line = parseLine(text);
  if (!line) return text;
  const plain = textLine(line).trimEnd();
  switch (line.level) {
    case "error":
      return style("red", plain);
    case "warn":
      return style("yellow", plain);
    case "debug":
      return style("dim", plain);
    case "info":
      return plain;
  }
}

/** A table of few lines: the first row is the head, numbers stand right. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const columns = head.map((_, i) => {
    const isNumeric = body.every((row) => /^[\d.,%–-]*( ms)?$/.test(row[i] ?? ""));
    return { alignment: isNumeric && body.length > 0 ? ("right" as const) : ("left" as const) };
  });
  const config: TableUserConfig = { columns, drawHorizontalLine: (line) => line === 1, border: BORDER };
  return table([head.map((cell) => style("bold", cell)), ...body.map((row) => [...row])], config).trimEnd();
}

const BORDER = {
  bodyLeft: "",
  bodyRight: "",
  bodyJoin: " ",
  joinBody: "─",
  joinLeft: "",
  joinRight: "",
  joinJoin: "─",
};

/** 12345678 → "12 345 678". */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Milliseconds for people: "3.2 ms", "41 ms", "1.5 s". */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** "reset 3, not_ready 1", or "none". */
export function countsText(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${grouped(count)}`);
  return parts.length > 0 ? parts.join(", ") : "none";
}
