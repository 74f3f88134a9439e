// What the connection to a file owes its callers: what the client for servers would give, and statements that stay prepared.
import { join } from "node:path";
import { createClient, LibsqlError, type InArgs, type InStatement } from "@libsql/client";
import SqliteDatabase from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileConnection } from "../../crdt/store/libsql-file-connection.ts";
import { MAX_STATEMENTS, Statements } from "../../crdt/store/libsql-statements.ts";
import { removeFolder, temporaryFolder } from "../support/database.ts";

let folder: string;
let connection: FileConnection;

beforeEach(() => {
  folder = temporaryFolder();
  connection = new FileConnection(join(folder, "test.db"), 0);
});

afterEach(() => {
  connection.close();
  removeFolder(folder);
});

async function rows(statement: InStatement): Promise<unknown[]> {
  return (await connection.execute(statement)).rows.map((row) => ({ ...row }));
}

/** What the client for servers gives for the same, on a database in memory. */
async function judge(statement: InStatement) {
  const client = createClient({ url: ":memory:" });
  try {
    return (await client.execute(statement)).rows;
  } finally {
    client.close();
  }
}

const bytes = Uint8Array.of(1, 2, 3, 4);

test.each<[what: string, args: InArgs]>([
  ["numbers", [0, -1.5, 1e300]],
  ["booleans and null", [true, false, null]],
  ["big integers", [2n ** 53n - 1n, -7n, 0n]],
  ["text", ["", "größer 🙂", "it's"]],
  ["bytes", [bytes, bytes.subarray(1, 3), new Uint8Array()]],
  ["a buffer and a date", [bytes.buffer, new Date(1_800_000_000_000), 1]],
])("%s are bound and read as the client for servers does it", async (_, args) => {
  const statement = { sql: "SELECT ?1 AS a, ?2 AS b, ?3 AS c, typeof(?1) || typeof(?2) || typeof(?3) AS types", args };
  const [row] = (await connection.execute(statement)).rows;
  const [wanted] = await judge(statement);
  expect(row).toEqual(wanted);
  expect([...Array(4).keys()].map((i) => row?.[i])).toEqual([...Array(4).keys()].map((i) => wanted?.[i]));
});

test("a blob comes back as a buffer of its own", async () => {
  const [row] = (await connection.execute({ sql: "SELECT ? AS blob", args: [bytes] })).rows;
  expect(row?.blob).toEqual(bytes.slice().buffer);
});

test("arguments may have names", async () => {
  const statement = { sql: "SELECT :a AS a, @b AS b, $c AS c", args: { a: 1, ":b": "two", $c: bytes } };
  expect(await rows(statement)).toEqual((await judge(statement)).map((row) => ({ ...row })));
});

test("of columns with one name the first has it, and each has its position", async () => {
  const [row] = (await connection.execute("SELECT 1 AS a, 2 AS a, 3 AS b")).rows;
  expect(row).toEqual({ a: 1, b: 3 });
  expect([row?.[0], row?.[1], row?.[2], row?.length]).toEqual([1, 2, 3, 3]);
});

test("what no number holds is not read as another, and what cannot be bound is not bound as null", async () => {
  await expect(connection.execute("SELECT 9007199254740992")).rejects.toThrow(RangeError);
  await expect(connection.execute({ sql: "SELECT ?", args: [NaN] })).rejects.toThrow("got NaN, wanted a finite number");
  await expect(connection.execute({ sql: "SELECT ?", args: [2n ** 63n] })).rejects.toThrow(RangeError);
});

test("a statement with rows may write", async () => {
  await connection.execute("CREATE TABLE t (a INTEGER)");
  expect(await rows({ sql: "INSERT INTO t VALUES (?), (?) RETURNING a", args: [1, 2] })).toEqual([{ a: 1 }, { a: 2 }]);
  expect(await rows("SELECT a FROM t")).toEqual([{ a: 1 }, { a: 2 }]);
});

test("a batch is one transaction: what fails takes all of it back, and the next one works", async () => {
  await connection.execute("CREATE TABLE t (a INTEGER UNIQUE) STRICT");
  const insert = (a: number) => ({ sql: "INSERT INTO t VALUES (?)", args: [a] });
  await expect(connection.batch([insert(1), insert(2), insert(1)])).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT_UNIQUE",
  });
  await expect(connection.batch([insert(1), "nonsense"])).rejects.toThrow("syntax error");
  expect(await rows("SELECT a FROM t")).toEqual([]);
  await connection.batch([insert(1), insert(2)]);
  expect(await rows("SELECT a FROM t")).toEqual([{ a: 1 }, { a: 2 }]);
});

test("a batch whose commit fails is taken back", async () => {
  await connection.execute("PRAGMA foreign_keys = ON");
  await connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
  const insert = (a: number, b: number) => ({ sql: "INSERT INTO t VALUES (?, ?)", args: [a, b] });
  await expect(connection.batch([insert(1, 2)])).rejects.toThrow("FOREIGN KEY");
  await connection.batch([insert(1, 2), insert(2, 1)]);
  expect(await rows("SELECT a FROM t ORDER BY a")).toEqual([{ a: 1 }, { a: 2 }]);
});

test("a statement that found no room says so, and works again once there is some", async () => {
  await connection.execute("CREATE TABLE t (a BLOB)");
  const insert = { sql: "INSERT INTO t VALUES (?)", args: [new Uint8Array(100_000)] };
  for (let round = 0; round < 2; round++) {
    await connection.execute("PRAGMA max_page_count = 2");
    const failure: unknown = await connection.execute(insert).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LibsqlError);
    expect(failure).toMatchObject({ code: "SQLITE_FULL", message: expect.stringContaining("full") });
    await expect(connection.batch([insert, insert])).rejects.toMatchObject({ code: "SQLITE_FULL" });
    await connection.execute("PRAGMA max_page_count = 1000");
    await connection.execute(insert);
    expect(await rows("SELECT count(*) AS count FROM t")).toEqual([{ count: 1 }]);
    await connection.execute("DELETE FROM t");
    await connection.execute("VACUUM");
  }
});

test("a damaged file is told of by its code", async () => {
  await connection.execute("CREATE TABLE t (a BLOB)");
  await connection.execute("PRAGMA writable_schema = ON");
  await connection.execute("UPDATE sqlite_schema SET rootpage = 99");
  await connection.execute("PRAGMA writable_schema = RESET");
  await expect(connection.execute("SELECT * FROM t")).rejects.toMatchObject({ code: "SQLITE_CORRUPT" });
});

test("a prepared statement goes on when the schema changes", async () => {
  await connection.execute("CREATE TABLE t (a INTEGER)");
  const insert = { sql: "INSERT INTO t (a) VALUES (?)", args: [1] };
  await connection.execute(insert);
  expect(await rows("SELECT * FROM t")).toEqual([{ a: 1 }]);
  await connection.execute("ALTER TABLE t ADD COLUMN b INTEGER DEFAULT 7");
  await connection.execute("CREATE UNIQUE INDEX i ON t (a)");
  expect(await rows("SELECT * FROM t")).toEqual([{ a: 1, b: 7 }]);
  await expect(connection.execute(insert)).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_UNIQUE" });
  await connection.execute("DROP TABLE t");
  await expect(connection.execute(insert)).rejects.toThrow("no such table");
  await connection.execute("CREATE TABLE t (a INTEGER)");
  await connection.execute(insert);
  expect(await rows("SELECT * FROM t")).toEqual([{ a: 1 }]);
});

test("a statement with fewer arguments than before is refused, not run with old ones", async () => {
  const sql = "SELECT ? AS a, ? AS b";
  await connection.execute({ sql, args: [1, 2] });
  await expect(connection.execute({ sql, args: [3] })).rejects.toThrow("got 1 arguments, wanted 2");
  expect(await rows({ sql, args: [3, 4] })).toEqual([{ a: 3, b: 4 }]);
});

test("a connection that is closed says so", async () => {
  await connection.execute({ sql: "SELECT ?", args: [1] });
  connection.close();
  expect(connection.closed).toBe(true);
  await expect(connection.execute({ sql: "SELECT ?", args: [1] })).rejects.toThrow("closed");
  await expect(connection.batch(["SELECT 1"])).rejects.toThrow("closed");
});

/** Statements of a database in memory, and the texts that were prepared. */
function counted() {
  const database = new SqliteDatabase(":memory:");
  const prepared: string[] = [];
  const statements = new Statements((sql) => {
    prepared.push(sql);
    return database.prepare(sql);
  });
  return { prepared, run: (sql: string) => statements.of(sql).run([]) };
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `SELECT ${i}`);

test("a text is prepared once", () => {
  const { prepared, run } = counted();
  for (let round = 0; round < 3; round++) expect(run("SELECT 1")[0]?.[0]).toBe(1);
  expect(prepared).toEqual(["SELECT 1"]);
});

test("so many statements stay prepared, and one more takes the place of the one that was used longest ago", () => {
  const { prepared, run } = counted();
  const texts = numbered(MAX_STATEMENTS);
  texts.forEach(run);
  texts.forEach(run);
  expect(prepared).toEqual(texts);
  run(texts[0]!);
  run("SELECT 'one more'");
  run(texts[0]!);
  expect(prepared.slice(texts.length)).toEqual(["SELECT 'one more'"]);
  expect(run(texts[1]!)[0]?.[0]).toBe(1);
  expect(prepared.slice(texts.length + 1)).toEqual([texts[1]]);
});

test("a PRAGMA takes effect each time, though some do so when they are prepared", async () => {
  for (const level of [1, 3, 1]) {
    await connection.execute(`PRAGMA synchronous = ${level}`);
    expect(await rows(" pragma synchronous")).toEqual([{ synchronous: level }]);
  }
});
