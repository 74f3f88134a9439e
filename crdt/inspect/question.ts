import * as v from "valibot";

/**
 * What one member asks another about itself, as JSON in an ask frame. Reading it changes nothing anywhere.
 *
 * Version 1. A member that does not know a question leaves it without an answer, and the asker marks it as silent.
 */
export const QUESTION_VERSION = 1;

/** Rows of one answer: a screen or two, and far below what an answer may be long. */
export const MAX_ROWS = 500;

const text = v.pipe(v.string(), v.maxLength(200));
const show = v.pipe(v.string(), v.maxLength(40));
const rows = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_ROWS));
const sequence = v.pipe(v.number(), v.integer(), v.minValue(1));
const half = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

export const BATCH_KINDS = ["ballots", "presence", "seal", "orders", "outcomes"] as const;

/** Which batches of the log. */
const batchFilter = {
  shard: v.exactOptional(v.pipe(v.number(), v.integer())),
  edge: v.exactOptional(text),
  boot: v.exactOptional(text),
  kind: v.exactOptional(v.picklist(BATCH_KINDS)),
  decode: v.exactOptional(v.boolean()),
};

const question = v.variant("ask", [
  v.strictObject({ ask: v.literal("status") }),
  v.strictObject({ ask: v.literal("states"), show }),
  v.strictObject({ ask: v.literal("entries"), show, document: text, search: v.exactOptional(text), rows }),
  v.strictObject({ ask: v.literal("structs"), show, document: v.exactOptional(text) }),
  v.strictObject({ ask: v.literal("log"), show, rows, ...batchFilter }),
  v.strictObject({ ask: v.literal("updates"), show, rows, document: v.exactOptional(text) }),
  v.strictObject({ ask: v.literal("thresholds"), show }),
  v.strictObject({ ask: v.literal("find"), show: v.exactOptional(show), code: text }),
  v.strictObject({
    ask: v.literal("presses"),
    show,
    poll: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff)),
    receiver: v.strictObject({ hi: half, lo: half }),
  }),
  v.strictObject({ ask: v.literal("seen"), show, chain: text, sequence }),
]);
export type Question = v.InferOutput<typeof question>;
export type Ask<K extends Question["ask"]> = Extract<Question, { ask: K }>;

const asked = v.strictObject({
  version: v.literal(QUESTION_VERSION),
  /** The member that is meant, where the asker has no link with it and one in between hands it on. */
  to: v.exactOptional(text),
  question,
});
export type Asked = v.InferOutput<typeof asked>;

export function encodeQuestion(question: Question, to?: string): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ version: QUESTION_VERSION, ...(to === undefined ? {} : { to }), question }),
  );
}

/** Undefined where the bytes are no question of this version. */
export function decodeQuestion(bytes: Uint8Array): Asked | undefined {
  try {
    const read = v.safeParse(asked, JSON.parse(new TextDecoder().decode(bytes)));
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}
