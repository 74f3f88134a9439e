import { parseChainId } from "../../batch.ts";
import { ledgerName } from "../../documents.ts";
import { standingOf } from "./why-count.ts";
import type { WhyInput } from "./why-input.ts";
import { firedBy } from "./why-cue.ts";
import { time } from "./words.ts";

/** One step of a ballot's way. */
export interface Stage {
  readonly name: StageName;
  /** "stopped": it goes no further, for the reason given; "open": not yet, and nothing is amiss. */
  readonly state: "done" | "stopped" | "open" | "unknown";
  readonly text: string;
  /** Milliseconds since 1970 by the asked member's clock, and since the ballot was accepted; absent where nobody remembers. */
  readonly at?: number;
  readonly afterMs?: number;
}

export type StageName =
  | "accepted"
  | "durable"
  | "in the ledger"
  | "visible"
  | "recorded"
  | "counted"
  | "threshold"
  | "cue"
  | "encoder"
  /** Told by the encoder itself, which is no member: see edge/cli/inspect/frame.ts. */
  | "frame";

/** Tells one step; undefined where the ballot's way does not lead over it. */
export interface StageTeller {
  (input: WhyInput): Stage | Stage[] | undefined;
}

/** The way of a ballot, in its order: a further step is a further entry. */
export const STAGES: readonly StageTeller[] = [
  accepted,
  durable,
  inLedger,
  visible,
  recorded,
  counted,
  threshold,
  cue,
  encoder,
];

function accepted(input: WhyInput): Stage {
  const { batch, poll, edgeOffsetMs } = input;
  const { definition } = poll;
  const option = definition.options[batch.option]?.id ?? `option ${batch.option}`;
  const at = batch.time - edgeOffsetMs;
  const text = `edge "${batch.edge}" accepted press ${batch.press} for "${option}" in "${definition.id}"`;
  return { name: "accepted", state: "done", text, at, afterMs: 0 };
}

function durable(input: WhyInput): Stage {
  const { batch } = input;
  const at = seenAt(input, batch.edge);
  const text = `in the log of "${batch.edge}", fsynced${at === undefined ? "; when, its boot has forgotten" : ""}`;
  return timed(input, { name: "durable", state: "done", text }, at);
}

function inLedger({ ballot, batch, seen, presses }: WhyInput): Stage {
  const { shard, edge, boot } = parseChainId(batch.chain);
  const pruned = seen.some(({ reading }) => reading?.pruned) ? ", recorded and pruned since" : "";
  const again = presses.filter(({ press, k }) => press === batch.press && k === batch.k).length - 1;
  const retries = again > 0 ? `; it came ${again} more times, and counts once` : "";
  const text = `(${edge}, ${boot}, ${batch.sequence}) of "${ledgerName(ballot.show, shard)}"${pruned}${retries}`;
  return { name: "in the ledger", state: "done", text };
}

function visible(input: WhyInput): Stage[] {
  return input.seen
    .filter(({ member, reading }) => member !== input.batch.edge && reading?.permanent !== true)
    .map(({ member, reading, heardAt }): Stage => {
      if (!reading) {
        const last = heardAt === undefined ? "" : `; last heard ${time(heardAt)}`;
        return { name: "visible", state: "unknown", text: `"${member}" does not answer${last}` };
      }
      if (reading.visible)
        return timed(input, { name: "visible", state: "done", text: `at "${member}"` }, seenAt(input, member));
      const waits = reading.waitsFor === undefined ? "" : `: it misses ${reading.waitsFor} of that chain`;
      return { name: "visible", state: "stopped", text: `not at "${member}"${waits}` };
    });
}

function recorded(input: WhyInput): Stage | undefined {
  const recorder = input.seen.find(({ reading }) => reading?.permanent);
  const isRecorded = input.seen.some(({ reading }) => reading?.recorded) || recorder?.reading?.visible;
  if (isRecorded)
    return timed(
      input,
      { name: "recorded", state: "done", text: "in the permanent database" },
      recorder && seenAt(input, recorder.member),
    );
  const silent = input.seen.filter(({ reading }) => !reading).map(({ member }) => `"${member}"`);
  if (recorder) return { name: "recorded", state: "open", text: `"${recorder.member}" does not have it yet` };
  const who = silent.length > 0 ? `${silent.join(", ")} did not answer` : "there is no recorder in this network";
  return { name: "recorded", state: silent.length > 0 ? "stopped" : "unknown", text: `not recorded: ${who}` };
}

function counted(input: WhyInput): Stage {
  return { name: "counted", ...standingOf(input) };
}

function threshold(input: WhyInput): Stage | undefined {
  const history = firedBy(input);
  if (!history) return undefined;
  const { cue: fired, value, by } = history.fired;
  const text = `crossed "${fired.threshold}" (${fired.epoch}) at ${value}, seen by "${by}"`;
  return timed(input, { name: "threshold", state: "done", text }, fired.firedAt);
}

function cue(input: WhyInput): Stage[] {
  const history = firedBy(input);
  if (!history) return [];
  return history.seen.map(({ member, at }) =>
    timed(
      input,
      { name: "cue", state: "done", text: `event ${history.fired.cue.eventId} on the board of "${member}"` },
      at,
    ),
  );
}

function encoder(input: WhyInput): Stage | undefined {
  const history = firedBy(input);
  if (!history) return undefined;
  const { confirmed } = history;
  if (!confirmed) return { name: "encoder", state: "stopped", text: "the encoder has not confirmed the cue" };
  const text = `the encoder has it, as "${confirmed.by}" was told`;
  return timed(input, { name: "encoder", state: "done", text }, confirmed.at);
}

function seenAt({ seen }: WhyInput, member: string): number | undefined {
  const answer = seen.find((each) => each.member === member);
  return answer?.reading?.at === undefined ? undefined : answer.reading.at - answer.offsetMs;
}

function timed({ batch, edgeOffsetMs }: WhyInput, stage: Stage, at: number | undefined): Stage {
  return at === undefined ? stage : { ...stage, at, afterMs: at - (batch.time - edgeOffsetMs) };
}
