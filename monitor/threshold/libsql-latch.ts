import { integer, text } from "../../crdt/store/libsql-column.ts";
import type { Database } from "../../crdt/store/libsql-database.ts";
import type { Migration } from "../../crdt/store/libsql-migrate.ts";
import type { FiredCue } from "../../crdt/threshold.ts";
import type { CueLatch } from "./latch.ts";

/**
 * Applied in this order and never changed afterwards. A row of `cues` is the latch and the outbox in one: it is there
 * once the cue has fired, and waits until the encoder has it. `fired` is a `FiredCue` as JSON.
 */
export const CUE_MIGRATIONS: readonly Migration[] = [
  {
    name: "cues",
    statements: [
      // Of 32 bits, as SCTE 35 has them; AUTOINCREMENT never gives one out twice.
      `CREATE TABLE cue_events (
        event_id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (event_id <= 4294967295),
        show TEXT NOT NULL,
        threshold TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        UNIQUE (show, threshold, epoch)
      ) STRICT`,
      `CREATE TABLE cues (
        id TEXT NOT NULL PRIMARY KEY,
        event_id INTEGER NOT NULL UNIQUE REFERENCES cue_events (event_id),
        show TEXT NOT NULL,
        threshold TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        fired_at INTEGER NOT NULL,
        value REAL NOT NULL,
        watcher TEXT NOT NULL,
        fired TEXT NOT NULL,
        confirmed_at INTEGER,
        UNIQUE (show, threshold, epoch)
      ) STRICT`,
      `CREATE INDEX cues_unconfirmed ON cues (show, fired_at) WHERE confirmed_at IS NULL`,
    ],
  },
];

/** In the permanent database. Each call is one statement: one transaction, and one request of a server. */
export class LibsqlLatch implements CueLatch {
  readonly #database: Database;

  /** `database` has `CUE_MIGRATIONS`. */
  constructor(database: Database) {
    this.#database = database;
  }

  async reserve(show: string, threshold: string, epoch: number): Promise<number> {
    const doing = `reserving an event id for "${show}/${threshold}"`;
    const [row] = await this.#database.writeReturning(doing, RESERVE, [show, threshold, epoch]);
    return integer(row?.event_id);
  }

  async latch(fired: FiredCue): Promise<FiredCue> {
    const { id, eventId, show, threshold, epoch, firedAt } = fired.cue;
    const doing = `latching a cue of "${show}/${threshold}"`;
    const args = [id, eventId, show, threshold, epoch, firedAt, fired.value, fired.by, JSON.stringify(fired)];
    const [row] = await this.#database.writeReturning(doing, LATCH, args);
    if (!row) throw new Error(`${doing}: event id ${eventId} is not reserved for its firing ${epoch}`);
    return readFired(text(row.fired));
  }

  async pending(show: string): Promise<FiredCue[]> {
    return (await this.#database.read(PENDING, [show])).map((row) => readFired(text(row.fired)));
  }

  async confirm(id: string, at: number): Promise<void> {
    await this.#database.write("confirming a cue", [{ sql: CONFIRM, args: [at, id] }]);
  }
}

/** Our own writing, and of one version: a database that a newer program has migrated is refused when it is opened. */
function readFired(json: string): FiredCue {
  return JSON.parse(json) as FiredCue;
}

/** Of what is there already nothing changes, and it is returned. */
const RESERVE = `
  INSERT INTO cue_events (show, threshold, epoch) VALUES (?, ?, ?)
  ON CONFLICT (show, threshold, epoch) DO UPDATE SET epoch = excluded.epoch RETURNING event_id`;
const LATCH = `
  INSERT INTO cues (id, event_id, show, threshold, epoch, fired_at, value, watcher, fired)
  SELECT ?1, event_id, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM cue_events
  WHERE event_id = ?2 AND show = ?3 AND threshold = ?4 AND epoch = ?5
  ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING fired`;
const PENDING = "SELECT fired FROM cues WHERE show = ? AND confirmed_at IS NULL ORDER BY fired_at";
const CONFIRM = "UPDATE cues SET confirmed_at = ? WHERE id = ? AND confirmed_at IS NULL";
