import { ballotsOf, batchOf, chainId, parseChainId, type Batch } from "../../batch.ts";
import type { Ballot } from "../../ballot.ts";
import { receiverHex } from "../../receiver.ts";
import type { Replica } from "../../replica.ts";
import type { Ask } from "../question.ts";

/** The newest batches of a member's log. */
export interface LogReading {
  readonly batches: readonly LoggedBatch[];
}

export interface LoggedBatch {
  readonly chain: string;
  readonly sequence: number;
  readonly kind: Batch["kind"];
  /** Base time: of its first ballot, or the seal, ms since 1970 by the admitting edge's clock. */
  readonly time: number;
  readonly records: number;
  /** When it became visible at the member that answers, by its clock; absent where that is forgotten. */
  readonly at?: number;
  /** The first records, where the batch was to be decoded. */
  readonly ballots?: readonly LoggedBallot[];
  /** Of a seal: the poll's index; 65535 where it ends its chain, and holds for every poll. */
  readonly poll?: number;
}

export interface LoggedBallot {
  /** Keyed hash: 16 hexadecimal digits. */
  readonly receiver: string;
  readonly poll: number;
  readonly option: number;
  readonly press: number;
  readonly k: number;
  readonly time: number;
}

/** Records of one batch that are shown. */
export const MAX_DECODED_BALLOTS = 20;

/** Chains that are looked into, those that wrote last: older boots have nothing new. */
export const MAX_LOG_CHAINS = 16;

/** Reads the ends of the chains that suit, from the log. */
export async function readLog(replica: Replica, asked: Ask<"log">): Promise<LogReading> {
  const found: LoggedBatch[] = [];
  for (const [id, last] of newestChains(replica, asked)) {
    const range = { chain: parseChainId(id), after: Math.max(0, last - asked.rows), upTo: last };
    for await (const bytes of replica.batches(range)) {
      const batch = batchOf(bytes);
      if (batch) found.push(loggedBatch(replica, batch, asked));
    }
  }
  const suiting = asked.kind === undefined ? found : found.filter(({ kind }) => kind === asked.kind);
  return { batches: suiting.sort((a, b) => b.time - a.time || b.sequence - a.sequence).slice(0, asked.rows) };
}

function newestChains(replica: Replica, asked: Ask<"log">): [chain: string, last: number][] {
  const suiting = [...replica.coverage().entries()].filter(([id]) => suits(parseChainId(id), asked));
  const time = (id: string) => replica.shards().get(parseChainId(id).shard)?.fold.lastTime(id) ?? 0;
  return suiting.sort(([a], [b]) => time(b) - time(a)).slice(0, MAX_LOG_CHAINS);
}

interface ChainFilter {
  readonly shard?: number;
  readonly edge?: string;
  readonly boot?: string;
}

function suits(chain: Required<ChainFilter>, { shard, edge, boot }: ChainFilter): boolean {
  const fits = <T>(wanted: T | undefined, is: T): boolean => wanted === undefined || wanted === is;
  return fits(shard, chain.shard) && fits(edge, chain.edge) && fits(boot, chain.boot);
}

function loggedBatch({ arrivals }: Replica, batch: Batch, { decode }: Ask<"log">): LoggedBatch {
  const chain = chainId(batch);
  const { sequence, kind, time } = batch;
  const at = arrivals.of(chain, sequence);
  const head = { chain, sequence, kind, time, ...(at === undefined ? {} : { at }) };
  switch (batch.kind) {
    case "ballots":
    case "presence": {
      const all = [...ballotsOf(batch)];
      const ballots = decode === true ? { ballots: all.slice(0, MAX_DECODED_BALLOTS).map(loggedBallot) } : {};
      return { ...head, records: all.length, ...ballots };
    }
    case "seal":
      return { ...head, records: batch.chains.length, poll: batch.poll };
    // What was ordered, and by whom, is nobody's to look at.
    case "orders":
      return { ...head, records: batch.orders.length };
    case "outcomes":
      return { ...head, records: batch.outcomes.length };
  }
}

function loggedBallot(ballot: Ballot): LoggedBallot {
  const { poll, option, press, k, time } = ballot;
  return { receiver: receiverHex(ballot), poll, option, press, k, time };
}
