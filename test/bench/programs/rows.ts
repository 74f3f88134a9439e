// Votes as rows of a libSQL file, every commit fsynced. Prints a line of `Rows`.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type InStatement } from "@libsql/client";
import { ballotOf, OPTION_IDS, POLL_ID } from "../support/ballots.ts";
import { ownCpu } from "../support/cpu.ts";
import { programArgs, tellParent } from "../support/program.ts";

export interface RowsArgs {
  readonly votes: number;
  /** Rows of a transaction. */
  readonly perCommit: number;
}

export interface Rows {
  readonly cpuPerVote: number;
  readonly bytesPerVote: number;
}

const { votes, perCommit } = programArgs<RowsArgs>();
const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-"));
const file = join(folder, "votes.db");
const client = createClient({ url: `file:${file}`, concurrency: 1 });
try {
  await client.execute("PRAGMA journal_mode = WAL");
  await client.execute("PRAGMA synchronous = FULL");
  await client.execute(`CREATE TABLE votes (
    poll TEXT NOT NULL, receiver TEXT NOT NULL, option TEXT NOT NULL, press INTEGER NOT NULL, time INTEGER NOT NULL,
    PRIMARY KEY (poll, receiver)
  ) STRICT, WITHOUT ROWID`);
  const cpu = await ownCpu(insertAll);
  await client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  tellParent({ cpuPerVote: cpu / votes, bytesPerVote: statSync(file).size / votes } satisfies Rows);
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);

async function insertAll(): Promise<void> {
  for (let from = 0; from < votes; from += perCommit) {
    const statements = Array.from({ length: Math.min(perCommit, votes - from) }, (_, i) => insert(from + i));
    if (perCommit === 1) await client.execute(statements[0]!);
    else await client.batch(statements, "write");
  }
}

/** The last vote of a receiver counts, as in a poll of ours. */
function insert(voter: number): InStatement {
  const { hi, lo, option, press, time } = ballotOf(voter, Date.now());
  const receiver = hi.toString(16).padStart(8, "0") + lo.toString(16).padStart(8, "0");
  return {
    sql: `INSERT INTO votes VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET option = excluded.option, press = excluded.press, time = excluded.time WHERE excluded.press > press`,
    args: [POLL_ID, receiver, OPTION_IDS[option]!, press, time],
  };
}
