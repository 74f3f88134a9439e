import type { Row } from "@libsql/client";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { integer, text } from "./libsql-column.ts";
import type { Database } from "./libsql-database.ts";

/** One step of a part's schema; its number is its place in the part's list, from 1. */
export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/**
 * Brings the tables of `part` up to date, each migration in one transaction. Several parts can share a database. Refuses
 * a database that a newer program has migrated further, or a migration that was changed after it was applied.
 */
export async function migrate(database: Database, part: string, migrations: readonly Migration[]): Promise<void> {
  const doing = `migrating "${part}" of "${database.name}"`;
  await database.write(doing, [CREATE_MIGRATIONS]);
  let applied = check(doing, migrations, await database.read(SELECT_APPLIED, [part]));
  while (applied < migrations.length) {
    try {
      await database.write(doing, statementsOf(part, applied + 1, migrations[applied]!));
      applied += 1;
    } catch (error) {
      // Two programs that open a server's new database at once: the row's primary key let one of them through.
      const now = check(doing, migrations, await database.read(SELECT_APPLIED, [part]));
      if (now <= applied) throw error;
      applied = now;
    }
  }
}

const CREATE_MIGRATIONS = `CREATE TABLE IF NOT EXISTS migrations (
  part TEXT NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  PRIMARY KEY (part, number)
) STRICT`;
const SELECT_APPLIED = "SELECT number, name, checksum FROM migrations WHERE part = ? ORDER BY number";
const INSERT_APPLIED = "INSERT INTO migrations (part, number, name, checksum) VALUES (?, ?, ?, ?)";

function statementsOf(part: string, number: number, migration: Migration) {
  return [{ sql: INSERT_APPLIED, args: [part, number, migration.name, checksum(migration)] }, ...migration.statements];
}

/** How many of `migrations` are applied. Throws where what is applied is something else. */
function check(doing: string, migrations: readonly Migration[], applied: readonly Row[]): number {
  for (const row of applied) {
    const [number, name] = [integer(row.number), text(row.name)];
    const known = migrations[number - 1];
    if (!known)
      throw new Error(
        `${doing}: got migration ${number}, "${name}", wanted at most ${migrations.length}: a newer program was here`,
      );
    if (text(row.checksum) !== checksum(known))
      throw new Error(
        `${doing}: migration ${number}, "${name}", has checksum ${text(row.checksum)}, wanted ${checksum(known)}: it was ` +
          `changed after it was applied here`,
      );
  }
  return applied.length;
}

function checksum(migration: Migration): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(migration.statements)))).slice(0, 16);
}
