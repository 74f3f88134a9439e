import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase, type Database } from "../../crdt/store/libsql-database.ts";
import { migrate, type Migration } from "../../crdt/store/libsql-migrate.ts";
import { removeFolder, temporaryFolder } from "../support/database.ts";

const animals: Migration = { name: "animals", statements: ["CREATE TABLE animals (name TEXT NOT NULL) STRICT"] };
const legs: Migration = {
  name: "legs",
  statements: ["ALTER TABLE animals ADD COLUMN legs INTEGER", "INSERT INTO animals (name, legs) VALUES ('cat', 4)"],
};

let folder: string;
let database: Database;

beforeEach(async () => {
  folder = temporaryFolder();
  database = await openDatabase(`file:${folder}/test.db`);
});

afterEach(async () => {
  await database.close();
  removeFolder(folder);
});

const applied = async () =>
  (await database.read("SELECT part, number, name FROM migrations ORDER BY part, number")).map((row) =>
    Object.values(row),
  );

test("applies each migration once, in order", async () => {
  await migrate(database, "zoo", [animals]);
  await migrate(database, "zoo", [animals, legs]);
  await migrate(database, "zoo", [animals, legs]);
  expect(await applied()).toEqual([
    ["zoo", 1, "animals"],
    ["zoo", 2, "legs"],
  ]);
  expect((await database.read("SELECT legs FROM animals")).map((row) => row.legs)).toEqual([4]);
});

test("keeps the parts of a database apart", async () => {
  await migrate(database, "zoo", [animals]);
  await migrate(database, "farm", [{ name: "crops", statements: ["CREATE TABLE crops (name TEXT) STRICT"] }]);
  expect(await applied()).toEqual([
    ["farm", 1, "crops"],
    ["zoo", 1, "animals"],
  ]);
});

test("refuses a database that a newer program has migrated", async () => {
  await migrate(database, "zoo", [animals, legs]);
  const refusal = /migrating "zoo" of "file:.*": got migration 2, "legs", wanted at most 1: a newer program was here/;
  await expect(migrate(database, "zoo", [animals])).rejects.toThrow(refusal);
});

test("refuses a migration that was changed after it was applied", async () => {
  await migrate(database, "zoo", [animals]);
  const changed = { ...animals, statements: ["CREATE TABLE animals (name TEXT) STRICT"] };
  await expect(migrate(database, "zoo", [changed, legs])).rejects.toThrow(/"animals", has checksum .* it was changed/);
  expect(await applied()).toEqual([["zoo", 1, "animals"]]);
});

test("applies all of a migration or nothing", async () => {
  const broken = { ...legs, statements: [legs.statements[0]!, "INSERT INTO nowhere VALUES (1)"] };
  await expect(migrate(database, "zoo", [animals, broken])).rejects.toThrow("nowhere");
  expect(await applied()).toEqual([["zoo", 1, "animals"]]);
  await migrate(database, "zoo", [animals, legs]);
  expect(await applied()).toHaveLength(2);
});
