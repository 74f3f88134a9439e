import type { LogBatch, LogData, LogUpdate } from "../../../../crdt/inspect/view/log.ts";
import { style } from "../../output.ts";
import { clockTime } from "./lag.ts";

/** The oldest first, as logs are read: batches, and the updates that are no batches. */
export function logText({ batches, updates }: LogData): string {
  const lines = [
    ...batches.map((batch) => ({ at: batch.time, text: batchText(batch) })),
    ...updates.map((update) => ({ at: update.at, text: updateText(update) })),
  ];
  return lines
    .sort((a, b) => a.at - b.at)
    .map(({ text }) => text)
    .join("\n");
}

function batchText({ time, chain, sequence, kind, records, networkMs, ballots = [] }: LogBatch): string {
  const network = Object.entries(networkMs).map(([member, ms]) => `${member} ${Math.round(ms)} ms`);
  const way = network.length > 0 ? style("dim", `→ ${network.join(", ")}`) : "";
  const head = `${clockTime(time)} ${style("bold", `${chain} ${sequence}`)} ${records} ${kind} ${way}`;
  const decoded = ballots.map(
    ({ receiver, poll, option, press, k }) =>
      `             ${receiver} poll ${poll} option ${option} press ${press} k ${k}`,
  );
  return [head, ...decoded].join("\n");
}

function updateText({ at, member, document, bytes, from }: LogUpdate): string {
  return style(
    "dim",
    `${clockTime(at)} ${document} ${bytes} bytes at ${member}${from === undefined ? ", its own" : ` from ${from}`}`,
  );
}
