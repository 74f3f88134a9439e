import { existsSync, renameSync, rmSync } from "node:fs";
import { integer, text } from "../../crdt/store/libsql-column.ts";
import { openDatabase, type Database, type InValue, type Row } from "../../crdt/store/libsql-database.ts";
import { openToRead, placeOf, type DatabaseOptions } from "./database.ts";
import { say } from "./output.ts";
import { UserError } from "./user-error.ts";

/** Rows copied in one transaction, and read in one request: of batches some 2 MB. */
const ROWS_AT_A_TIME = 256;

/** Copies every table into a new file, which appears under its name once it is whole. */
export async function backUp(file: string, options: DatabaseOptions): Promise<void> {
  if (existsSync(file)) throw new UserError(`there is a "${file}" already`);
  const source = await openToRead(options);
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  try {
    const target = await openDatabase(`file:${partial}`);
    const rows = await copyTables(source.database, target);
    await target.close();
    renameSync(partial, file);
    say(`"${file}" holds ${rows} rows of "${placeOf(options).url}"`);
  } finally {
    await source.close();
  }
}

/** Into a database that is empty: what is there is never written over. */
export async function restore(file: string, options: DatabaseOptions): Promise<void> {
  if (!existsSync(file)) throw new UserError(`there is no "${file}"`);
  const { url, authToken } = placeOf(options);
  const source = await openToRead({ database: `file:${file}` });
  try {
    const target = await openDatabase(url, { relaxed: true, ...(authToken === undefined ? {} : { authToken }) });
    try {
      if ((await schemaOf(target)).length > 0)
        throw new UserError(`"${url}" holds something already: move it away, it is not written over`);
      say(`"${url}" holds ${await copyTables(source.database, target)} rows of "${file}"`);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

interface SchemaEntry {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** Tables first, in the order of their making; SQLite's own are left out. */
async function schemaOf(database: Database): Promise<SchemaEntry[]> {
  const rows = await database.read(
    `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'libsql_*'
     ORDER BY type = 'index', rowid`,
  );
  return rows.map((row) => ({ type: text(row.type), name: text(row.name), sql: text(row.sql) }));
}

/** Indexes come last, when the rows are there. Returns how many rows were copied. */
async function copyTables(source: Database, target: Database): Promise<number> {
  const schema = await schemaOf(source);
  const tables = schema.filter(({ type }) => type === "table");
  await target.write(
    "making tables",
    tables.map(({ sql }) => sql),
  );
  let rows = 0;
  for (const { name } of tables) rows += await copyRows(source, target, name);
  const indexes = schema.filter(({ type }) => type === "index").map(({ sql }) => sql);
  await target.write("making indexes", indexes);
  return rows;
}

async function copyRows(source: Database, target: Database, table: string): Promise<number> {
  const keys = await keyOf(source, table);
  let [rows, last] = [0, undefined as Row | undefined];
  for (;;) {
    const page = await pageAfter(source, table, keys, last);
    if (page.length === 0) return rows;
    const columns = Object.keys(page[0]!).filter((name) => name !== ROWID);
    const values = `(${columns.map(() => "?").join()})`;
    const sql = `INSERT INTO "${table}" (${columns.map((name) => `"${name}"`).join()}) VALUES ${page.map(() => values).join()}`;
    const args = page.flatMap((row) => columns.map((name): InValue => row[name] ?? null));
    await target.write(`copying "${table}"`, [{ sql, args }]);
    rows += page.length;
    last = page.at(-1);
  }
}

/** A table without a key of its own is walked by its rowid. */
const ROWID = "_rowid";

async function keyOf(database: Database, table: string): Promise<string[]> {
  const info = await database.read("SELECT name, pk FROM pragma_table_info(?)", [table]);
  const keys = info.filter((row) => integer(row.pk) > 0).sort((a, b) => integer(a.pk) - integer(b.pk));
  return keys.length > 0 ? keys.map((row) => text(row.name)) : [ROWID];
}

function pageAfter(source: Database, table: string, keys: readonly string[], last: Row | undefined): Promise<Row[]> {
  const names = keys.map((key) => (key === ROWID ? "rowid" : `"${key}"`)).join();
  const after = last ? `WHERE (${names}) > (${keys.map(() => "?").join()})` : "";
  const rowid = keys[0] === ROWID ? `, rowid AS ${ROWID}` : "";
  const sql = `SELECT *${rowid} FROM "${table}" ${after} ORDER BY ${names} LIMIT ${ROWS_AT_A_TIME}`;
  return source.read(sql, last ? keys.map((key): InValue => last[key] ?? null) : []);
}
