import type { Migration } from "./libsql-migrate.ts";

/**
 * The log's tables. Applied in this order and never changed afterwards: their checksums stand in every database. A change
 * is a further entry. They are no .sql files because Workers have no files to read.
 *
 * `position` is the order of appending. A UNIQUE is a record's identity, and makes appending it again do nothing.
 */
export const STORE_MIGRATIONS: readonly Migration[] = [
  {
    name: "the log",
    statements: [
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
      `CREATE TABLE batches (
        position INTEGER PRIMARY KEY,
        show TEXT NOT NULL,
        shard INTEGER NOT NULL,
        edge TEXT NOT NULL,
        boot TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        time INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (show, shard, edge, boot, sequence)
      ) STRICT`,
      // A show in the order of appending, where many shows share the database; some 5 µs of an append
      `CREATE INDEX batches_of_show ON batches (show)`,
      `CREATE TABLE board_updates (
        position INTEGER PRIMARY KEY,
        show TEXT NOT NULL,
        hash BLOB NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (show, hash)
      ) STRICT`,
      // A snapshot is written in pieces, in a transaction each, under a new generation; setting the generation here is
      // what makes it the show's.
      `CREATE TABLE snapshots (
        show TEXT NOT NULL PRIMARY KEY,
        generation INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE snapshot_pieces (
        position INTEGER PRIMARY KEY,
        show TEXT NOT NULL,
        generation INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT`,
      `CREATE INDEX snapshot_pieces_of_show ON snapshot_pieces (show, generation)`,
    ],
  },
];
