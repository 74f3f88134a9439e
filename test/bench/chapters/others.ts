import type { Applied, ApplyArgs } from "../programs/apply.ts";
import type { Rows, RowsArgs } from "../programs/rows.ts";
import type { ShareArgs, Shared } from "../programs/share.ts";
import type { Chapter, Running } from "../support/chapter.ts";
import { cpuOf } from "../support/cpu.ts";
import type { Options } from "../support/options.ts";
import { benchProgram, Program, runProgram } from "../support/program.ts";
import type { Row } from "../support/row.ts";
import type { Sample } from "../support/sample.ts";

type Name =
  | "ours"
  | "hocuspocus, one connection"
  | "hocuspocus, one each"
  | "rows, one a commit"
  | "rows, 100 a commit";

/** The same votes kept in other ways. */
export const others: Chapter<Name> = {
  title: "Beside it: other ways to keep votes",
  start,
  rows: (of, options) => {
    const { voters } = sizesOf(options);
    const row = (name: Name, what: string, note: string): Row => ({
      what,
      measured: of(name).of("cpu"),
      unit: "µs CPU a vote",
      note,
    });
    const bytes = (name: Name, figure: string) => of(name).of(figure).toFixed(1);
    return [
      row(
        "ours",
        "Redbutton's core: logged (fsynced), in the ledger, folded; 250 a flush",
        `${bytes("ours", "bytes")} B a vote on a link, ${bytes("ours", "stored")} in the log; network and tokens are in the first two parts`,
      ),
      row(
        "hocuspocus, one connection",
        "@hocuspocus/server, one Y.Map key a voter, all votes over one connection: its best",
        `in memory only; ${bytes("hocuspocus, one connection", "bytes")} B a vote on the wire, ${bytes("hocuspocus, one connection", "stored")} in the document`,
      ),
      row(
        "hocuspocus, one each",
        `@hocuspocus/server, ${voters} voters on a connection each, as it is meant to be used: each vote goes to everyone`,
        `in memory only, and twice the voters cost twice as much a vote; ${bytes("hocuspocus, one each", "bytes")} B a vote on the wire`,
      ),
      row(
        "rows, one a commit",
        "libSQL, one row a vote, a commit each (fsynced)",
        `${bytes("rows, one a commit", "stored")} B a vote in the file`,
      ),
      row(
        "rows, 100 a commit",
        "libSQL, one row a vote, 100 a commit (fsynced)",
        `${bytes("rows, 100 a commit", "stored")} B a vote in the file`,
      ),
    ];
  },
};

interface Sizes {
  readonly votes: number;
  readonly voters: number;
  readonly commits: number;
}

function sizesOf({ quick }: Options): Sizes {
  return quick ? { votes: 30_000, voters: 200, commits: 1000 } : { votes: 100_000, voters: 500, commits: 3000 };
}

async function start(options: Options): Promise<Running<Name>> {
  const { votes, voters, commits } = sizesOf(options);
  const server = new Program(benchProgram("hocuspocus", {}));
  const { port } = await server.next<{ port: number }>();
  const share =
    (name: string, args: Pick<ShareArgs, "votes" | "voters" | "clients" | "underWay">) => async (round: number) =>
      shareVotes(server, { ...args, port, document: `${name}-${round}` });
  const subjects = {
    ours: { round: keepOurs },
    "hocuspocus, one connection": { round: share("one", { votes, voters: votes, clients: 1, underWay: 256 }) },
    "hocuspocus, one each": { round: share("each", { votes: 3 * voters, voters, clients: voters, underWay: 32 }) },
    "rows, one a commit": { round: () => keepRows({ votes: commits, perCommit: 1 }) },
    "rows, 100 a commit": { round: () => keepRows({ votes, perCommit: 100 }) },
  };
  return { subjects, stop: () => server.stop() };
}

async function keepOurs(): Promise<Sample> {
  const args: ApplyArgs = {
    ballots: 200_000,
    warmUp: 100_000,
    perFlush: 250,
    store: "memory",
    origin: "file",
    arrival: "busy",
  };
  const { originCpuPerBallot, bytesPerBallot, logBytesPerBallot } = await runProgram<Applied>("apply", args);
  return { cpu: originCpuPerBallot, bytes: bytesPerBallot, stored: logBytesPerBallot };
}

/** A document and its voters anew in each round; the server is warm after the first votes. */
async function shareVotes(server: Program, args: ShareArgs): Promise<Sample> {
  const voters = new Program(benchProgram("share", args));
  try {
    await voters.next<{ connected: number }>();
    const before = cpuOf(server.pid);
    voters.tell("vote");
    const { votes, bytes } = await voters.next<Shared>();
    const cpu = (cpuOf(server.pid) - before) / votes;
    server.tell("size");
    const { documentBytes } = await server.next<{ documentBytes: number }>();
    return { cpu, bytes: bytes / votes, stored: documentBytes / votes };
  } finally {
    await voters.stop();
  }
}

async function keepRows(args: RowsArgs): Promise<Sample> {
  const { cpuPerVote, bytesPerVote } = await runProgram<Rows>("rows", args);
  return { cpu: cpuPerVote, stored: bytesPerVote };
}
