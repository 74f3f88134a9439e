import type { ObjectStorage } from "./object.ts";

/**
 * The tables of a log in a Durable Object. Applied in this order and never changed afterwards: objects of older versions
 * come back with them. A change is a further entry.
 *
 * `position` is the order of appending; a UNIQUE is a record's identity. Each index makes a write dearer by a row, so a
 * chain's name stands once and its batches name it by number: a batch is two rows, itself and its identity.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE boots (
      position INTEGER PRIMARY KEY,
      boot TEXT NOT NULL UNIQUE,
      started_at INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE introductions (
      position INTEGER PRIMARY KEY,
      member TEXT NOT NULL,
      boot TEXT NOT NULL,
      hash BLOB NOT NULL,
      bytes BLOB NOT NULL,
      UNIQUE (member, boot, hash)
    ) STRICT`,
    `CREATE TABLE chains (
      id INTEGER PRIMARY KEY,
      show TEXT NOT NULL,
      shard INTEGER NOT NULL,
      edge TEXT NOT NULL,
      boot TEXT NOT NULL,
      UNIQUE (show, shard, edge, boot)
    ) STRICT`,
    `CREATE TABLE batches (
      position INTEGER PRIMARY KEY,
      chain INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      UNIQUE (chain, sequence)
    ) STRICT`,
    // An update's first piece; an object's storage takes no value of more than 2 MB, and few updates need a second.
    `CREATE TABLE board_updates (
      position INTEGER PRIMARY KEY,
      show TEXT NOT NULL,
      hash BLOB NOT NULL,
      bytes BLOB NOT NULL,
      UNIQUE (show, hash)
    ) STRICT`,
    `CREATE TABLE board_pieces (
      position INTEGER NOT NULL,
      piece INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      PRIMARY KEY (position, piece)
    ) STRICT`,
    // A snapshot is written in pieces under a new generation; setting the generation makes it the show's.
    `CREATE TABLE snapshots (
      show TEXT NOT NULL PRIMARY KEY,
      generation INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE snapshot_pieces (
      show TEXT NOT NULL,
      generation INTEGER NOT NULL,
      piece INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      PRIMARY KEY (show, generation, piece)
    ) STRICT`,
  ],
];

/** Brings an object's tables up to date. Throws where a newer program has been here. */
export function migrateObject(storage: ObjectStorage): void {
  storage.transactionSync(() => {
    storage.sql.exec("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY) STRICT");
    const [counted] = [...storage.sql.exec("SELECT count(*) AS applied FROM migrations")];
    const applied = Number(counted?.["applied"]);
    if (applied > MIGRATIONS.length)
      throw new Error(
        `opening an object's log: got ${applied} migrations, wanted at most ${MIGRATIONS.length}: a newer program was here`,
      );
    for (const [i, statements] of MIGRATIONS.slice(applied).entries()) {
      for (const statement of statements) storage.sql.exec(statement);
      storage.sql.exec("INSERT INTO migrations (number) VALUES (?)", applied + i + 1);
    }
  });
}
