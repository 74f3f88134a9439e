import type { InStatement, InValue } from "@libsql/client";
import { decodeHeader } from "../batch.ts";
import { contentHash } from "./record.ts";
import type { StoreRecord } from "./store.ts";

/** Most rows of one statement where each is prepared anew: a batch has 7 values, and SQLite binds 32,766. */
export const MAX_ROWS_PER_STATEMENT = 256;
/**
 * The same where statements stay prepared. There is then a text for each number of rows, and each keeps a copy of the rows
 * that it appended last: some 2 MB in all of the largest batches.
 */
export const MAX_ROWS_PREPARED = 16;

/** Statements that append `records`: what gives way to one of them goes just before it, since it may come again after it. */
export function appendStatements(records: readonly StoreRecord[], mostRows: number): InStatement[] {
  const at = records.findIndex((record) => record.kind === "introduction" && record.inPlaceOf !== undefined);
  const record = records[at];
  if (record?.kind !== "introduction") return insertStatements(records, mostRows);
  return [
    ...insertStatements(records.slice(0, at), mostRows),
    { sql: "DELETE FROM introductions WHERE boot = ?", args: [record.inPlaceOf!] },
    ...insertStatements([record]),
    ...appendStatements(records.slice(at + 1), mostRows),
  ];
}

/** Statements that insert what is not there yet, in the order of `records`; one where they are of one kind and few. */
export function insertStatements(records: readonly StoreRecord[], mostRows = MAX_ROWS_PER_STATEMENT): InStatement[] {
  const rows = new Map<StoreRecord["kind"], InValue[][]>();
  for (const record of records) {
    const ofKind = rows.get(record.kind);
    if (ofKind) ofKind.push(valuesOf(record));
    else rows.set(record.kind, [valuesOf(record)]);
  }
  return [...rows].flatMap(([kind, ofKind]) => chunks(ofKind, mostRows).map((chunk) => insert(INTO[kind], chunk)));
}

const INTO: Record<StoreRecord["kind"], string> = {
  batch: "batches (show, shard, edge, boot, sequence, time, bytes)",
  board: "board_updates (show, hash, bytes)",
  introduction: "introductions (member, boot, hash, bytes)",
  boot: "boots (boot, started_at)",
};

/** In the order of the columns above. */
function valuesOf(record: StoreRecord): InValue[] {
  switch (record.kind) {
    case "batch": {
      const { shard, edge, boot, sequence, time } = decodeHeader(record.bytes);
      return [record.show, shard, edge, boot, sequence, time, record.bytes];
    }
    case "board":
      return [record.show, contentHash(record.update), record.update];
    case "introduction":
      return [record.member, record.boot, contentHash(record.bytes), record.bytes];
    case "boot":
      return [record.boot, record.startedAt];
  }
}

/** Many rows a statement, since each has its price. STRICT columns turn the numbers, bound as REAL, into integers. */
function insert(into: string, rows: readonly InValue[][]): InStatement {
  const row = `(${rows[0]!.map(() => "?").join()})`;
  return { sql: `INSERT INTO ${into} VALUES ${rows.map(() => row).join()} ON CONFLICT DO NOTHING`, args: rows.flat() };
}

function chunks<T>(all: T[], most: number): T[][] {
  if (all.length <= most) return [all];
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
}
