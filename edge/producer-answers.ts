import * as v from "valibot";
import { POLL_STATES } from "../crdt/poll.ts";
import { Milliseconds, PollBody, ContentItemBody, ShowName } from "./answers.ts";
import { PlaceBody } from "./network-answers.ts";
import { MessageFile, RuleFile } from "./threshold-file.ts";

/** What producers and their systems are answered: described for /openapi.json. */

/** A poll as producers see it. Its answer, where it is a quiz, from the start. */
export const ProducerPollBody = v.object({
  ...PollBody.entries,
  released: v.boolean(),
  scheduled: v.exactOptional(v.object({ opens_at: Milliseconds, open_for_ms: v.exactOptional(v.number()) })),
  grace_ms: v.number(),
  results: v.picklist(["hidden", "live"]),
  counts_visible: v.boolean(),
  final: v.boolean(),
  waiting_for: v.array(v.string()),
});
export type ProducerPollBody = v.InferOutput<typeof ProducerPollBody>;

const RosterBody = v.object({
  edge: v.string(),
  boot: v.string(),
  state: v.pipe(
    v.picklist(["live", "draining", "drained"]),
    v.description("drained: it has ended, the recorder has all of it, and no result waits for it"),
  ),
  region: v.string(),
  shards: v.array(v.number()),
  address: v.string(),
  place: v.exactOptional(PlaceBody),
  since: Milliseconds,
  lost: v.boolean(),
});

export const ShowBody = v.object({
  ...ShowName.entries,
  rundown: v.exactOptional(
    v.array(v.object({ poll: v.string(), after_s: v.number(), open_for_s: v.exactOptional(v.number()) })),
  ),
  shards: v.number(),
  created: Milliseconds,
  revision: v.string(),
  polls: v.array(ProducerPollBody),
  content: v.array(ContentItemBody),
  roster: v.array(RosterBody),
});
export type ShowBody = v.InferOutput<typeof ShowBody>;

export const ForgottenAnswer = v.object({ at: Milliseconds, by: v.string() });

/** What an emergency stop has ended, by ids. */
export const StopAnswer = v.object({
  closed: v.array(v.string()),
  unscheduled: v.array(v.string()),
  disarmed: v.array(v.string()),
  withdrawn: v.array(v.string()),
});
export type StopAnswer = v.InferOutput<typeof StopAnswer>;

/** A poll for a graphics system: everything that goes on air, worked out. */
export const GraphicsBody = v.object({
  show: v.string(),
  title: v.string(),
  rehearsal: v.boolean(),
  poll: v.string(),
  question: v.string(),
  state: v.picklist(POLL_STATES),
  final: v.boolean(),
  opens_at: v.exactOptional(Milliseconds),
  closes_at: v.exactOptional(Milliseconds),
  time: Milliseconds,
  total: v.number(),
  options: v.array(
    v.object({
      option: v.string(),
      letter: v.string(),
      text: v.string(),
      count: v.number(),
      percent: v.pipe(v.number(), v.description("of all votes, to one decimal")),
      rank: v.pipe(v.number(), v.description("1 for the most votes; equal counts share a rank")),
    }),
  ),
});
export type GraphicsBody = v.InferOutput<typeof GraphicsBody>;

export const AuditBody = v.object({
  audit: v.array(
    v.object({
      at: Milliseconds,
      by: v.string(),
      edge: v.string(),
      action: v.string(),
      target: v.string(),
      detail: v.exactOptional(v.string()),
    }),
  ),
});
export type AuditBody = v.InferOutput<typeof AuditBody>;

export const ThresholdAnswer = v.object({
  id: v.string(),
  rule: RuleFile,
  message: MessageFile,
  duration_ms: v.number(),
  urgent: v.boolean(),
  state: v.pipe(
    v.picklist(["draft", "arming", "armed", "fired", "disarmed"]),
    v.description("arming: until a watcher with the database has reserved its event id"),
  ),
  epoch: v.exactOptional(v.pipe(v.number(), v.description("which firing it waits for, or has come to"))),
  progress: v.exactOptional(
    v.object({
      at: Milliseconds,
      value: v.number(),
      target: v.number(),
      per_second: v.number(),
      remaining_ms: v.exactOptional(v.pipe(v.number(), v.description("to the crossing, at this speed"))),
    }),
  ),
  fired: v.array(
    v.object({
      id: v.string(),
      event_id: v.number(),
      epoch: v.number(),
      at: Milliseconds,
      value: v.number(),
      of: v.exactOptional(v.pipe(v.number(), v.description("votes that a share is of"))),
      by: v.pipe(v.string(), v.description("the watcher that saw it")),
      coverage: v.pipe(
        v.record(v.string(), v.number()),
        v.description("shard/edge/boot → last sequence it was true for"),
      ),
      confirmed_at: v.exactOptional(v.pipe(Milliseconds, v.description("when the encoder said that it has it"))),
    }),
  ),
});
export type ThresholdAnswer = v.InferOutput<typeof ThresholdAnswer>;

export const ThresholdsAnswer = v.object({ thresholds: v.array(ThresholdAnswer) });

export const LostAnswer = v.object({ edge: v.string(), boot: v.string(), lost: v.literal(true) });
export type LostAnswer = v.InferOutput<typeof LostAnswer>;
