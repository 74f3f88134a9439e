import * as v from "valibot";
import { parseChainId } from "../../batch.ts";
import type { Answer } from "../inspector.ts";
import { BATCH_KINDS } from "../question.ts";
import type { LoggedBallot, LoggedBatch, LogReading } from "../read/log.ts";
import type { NotedUpdate, Updates } from "../read/updates.ts";
import type { Shown } from "../report.ts";
import { documentParam, flagParam, nameParam, rowsParam, shardParam, showParam } from "./params.ts";
import { view } from "./view.ts";

/** Batches and updates, the newest first. Times are by the asked member's clock. */
export interface LogData {
  readonly batches: readonly LogBatch[];
  readonly updates: readonly LogUpdate[];
}

export interface LogBatch extends Omit<LoggedBatch, "at" | "ballots"> {
  readonly edge: string;
  /** When it became visible at each member that remembers. */
  readonly seen: readonly { readonly member: string; readonly at: number }[];
  /** From its durability at its edge to each other member, ms: the network, and the other's log. */
  readonly networkMs: Readonly<Record<string, number>>;
  readonly ballots?: readonly LoggedBallot[];
}

export interface LogUpdate extends NotedUpdate {
  readonly member: string;
}

export function showLog(
  logs: readonly Answer<LogReading>[],
  updates: readonly Answer<Updates>[],
  rows: number,
  nameReceiver: (hex: string) => string,
): Shown<LogData> {
  const merged = new Map<string, LogBatch>();
  for (const answer of logs)
    for (const batch of answer.reading?.batches ?? []) {
      const id = `${batch.chain}/${batch.sequence}`;
      merged.set(id, joined(merged.get(id), batch, answer, nameReceiver));
    }
  const batches = [...merged.values()].sort((a, b) => b.time - a.time || b.sequence - a.sequence).slice(0, rows);
  const noted = updates.flatMap(({ member, reading, offsetMs }) =>
    (reading?.updates ?? []).map((update) => ({ ...update, member, at: update.at - offsetMs })),
  );
  const newest = noted.sort((a, b) => b.at - a.at).slice(0, rows);
  return { data: { batches: batches.map(withNetwork), updates: newest }, messages: [] };
}

function joined(
  known: LogBatch | undefined,
  batch: LoggedBatch,
  { member, offsetMs }: Answer<LogReading>,
  nameReceiver: (hex: string) => string,
): LogBatch {
  const { at, ballots, ...rest } = batch;
  const seen = at === undefined ? [] : [{ member, at: at - offsetMs }];
  if (known) return { ...known, seen: [...known.seen, ...seen] };
  const { edge } = parseChainId(batch.chain);
  const decoded = ballots?.map((ballot) => ({ ...ballot, receiver: nameReceiver(ballot.receiver) }));
  return { ...rest, edge, seen, networkMs: {}, ...(decoded ? { ballots: decoded } : {}) };
}

function withNetwork(batch: LogBatch): LogBatch {
  const origin = batch.seen.find(({ member }) => member === batch.edge)?.at;
  if (origin === undefined) return batch;
  const others = batch.seen.filter(({ member }) => member !== batch.edge);
  return { ...batch, networkMs: Object.fromEntries(others.map(({ member, at }) => [member, at - origin])) };
}

export const log = view({
  summary: "batches and updates, when they came where",
  params: v.strictObject({
    show: showParam,
    rows: rowsParam,
    shard: shardParam,
    edge: nameParam,
    boot: nameParam,
    document: documentParam,
    kind: v.exactOptional(v.picklist(BATCH_KINDS, `one of ${BATCH_KINDS.join(", ")}`)),
    decode: flagParam,
  }),
  run: async ({ inspector, nameReceiver }, { document, ...filter }) => {
    const { show, rows } = filter;
    const [logs, updates] = await Promise.all([
      inspector.gather({ ask: "log", ...filter }),
      inspector.gather({ ask: "updates", show, rows, ...(document === undefined ? {} : { document }) }),
    ]);
    return { shown: showLog(logs, updates, rows, nameReceiver), asked: logs };
  },
});
