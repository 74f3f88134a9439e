import type { Database, Value } from "../../crdt/store/libsql-database.ts";
import { openToRead, pagesOf, print, type DatabaseOptions } from "./database.ts";
import { UserError } from "./user-error.ts";

export interface ExportOptions extends DatabaseOptions {
  readonly show?: string;
  readonly poll?: string;
  readonly format: ExportFormat;
}

export const EXPORTS = ["results", "turnout", "ballots"] as const;
export type ExportName = (typeof EXPORTS)[number];
export const EXPORT_FORMATS = ["csv", "ndjson"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

interface Export {
  readonly columns: readonly string[];
  /** Its primary key: pages go on in its order. */
  readonly order: string;
}

const WHAT: Readonly<Record<ExportName, Export>> = {
  results: { columns: ["show", "poll", "option", "text", "anonymous", "signed"], order: "show, poll, option" },
  turnout: { columns: ["show", "poll", "minute", "edge", "ballots"], order: "show, poll, minute, edge" },
  ballots: {
    columns: ["show", "poll", "receiver", "k", "option", "press", "at", "edge", "signed"],
    order: "show, poll, receiver, k",
  },
};

/** Streams what the recorder wrote down of polls that are final. */
export async function exportTable(what: ExportName, options: ExportOptions): Promise<void> {
  const opened = await openToRead(options);
  const { database } = opened;
  try {
    const { columns, order } = WHAT[what];
    if (!(await hasTable(database, what))) throw new UserError(`"${database.name}" holds no ${what}: no recorder's`);
    if (options.format === "csv") await print(columns.join());
    const where = "(?1 = '' OR show = ?1) AND (?2 = '' OR poll = ?2)";
    const sql = `SELECT ${columns.join(", ")} FROM ${what} WHERE ${where} ORDER BY ${order} LIMIT ?4 OFFSET ?3`;
    const rows = pagesOf(database, (after, count) => ({
      sql,
      args: [options.show ?? "", options.poll ?? "", after, count],
    }));
    for await (const row of rows) await print(lineOf(columns, (column) => row[column], options.format));
  } finally {
    await opened.close();
  }
}

async function hasTable(database: Database, name: string): Promise<boolean> {
  return (await database.read("SELECT 1 FROM sqlite_schema WHERE name = ?", [name])).length > 0;
}

export function lineOf(
  columns: readonly string[],
  valueOf: (column: string) => Value | undefined,
  format: ExportFormat,
): string {
  if (format === "csv") return columns.map((column) => csvField(textOf(valueOf(column)))).join();
  return JSON.stringify(Object.fromEntries(columns.map((column) => [column, valueOf(column)])));
}

/** Exported tables hold texts and integers alone. */
function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** RFC 4180. A field that a spreadsheet would take for a formula is a text there. */
export function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
