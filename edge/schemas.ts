import * as v from "valibot";
import { MAX_PRESS, MAX_VOTES } from "../crdt/ballot.ts";
import { SLUG } from "../crdt/documents.ts";
import { MAX_QUANTITY } from "../crdt/order.ts";
import { jsonBytes, MAX_DETAILS_BYTES, PIN_FORM } from "../crdt/personal-data.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** Characters of a name: see `SLUG`. */
export const MAX_NAME_CHARS = 40;
/** Characters of a title, a question or a picture's alternative text. */
export const MAX_LINE_CHARS = 300;
/** Characters of a published page: it stands on the board, and every receiver retrieves it. */
export const MAX_TEXT_CHARS = 8000;
/** Longest time a poll can be told to stay open: a day. */
export const MAX_DURATION_MS = 24 * 60 * 60 * 1000;
/** Characters of the receiver's own name for a message on its WebSocket. */
export const MAX_MESSAGE_ID_CHARS = 64;

export const Slug = v.pipe(v.string(), v.regex(SLUG, "1 to 40 of a-z, 0-9 and hyphens within"));
export const Line = v.pipe(
  v.string(),
  v.minLength(1, "some text"),
  v.maxLength(MAX_LINE_CHARS, `at most ${MAX_LINE_CHARS} characters`),
);
const Press = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PRESS));
const VoteNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_VOTES));
const Level = v.picklist(["local", "peer"]);

/** The name of something that is looked up: what it is not called is not found, and the hot path saves a pattern. */
const Name = v.pipe(v.string(), v.maxLength(MAX_NAME_CHARS));
const Id = v.pipe(v.string(), v.maxLength(MAX_MESSAGE_ID_CHARS));

/** What a receiver presses. `press`: its own running number of ballots in the poll; `k`: which of its N votes. */
export const BallotBody = v.object({ option: Name, press: Press, k: v.optional(VoteNumber, 1) });
export type BallotBody = v.InferOutput<typeof BallotBody>;

/** A receiver's first message on its WebSocket. `revision`: of the content it has already. */
export const HelloMessage = v.object({
  type: v.literal("hello"),
  token: v.string(),
  revision: v.optional(v.string()),
});

/** A ballot on a WebSocket; what it is answered with carries the same `id`. */
export const BallotMessage = v.object({
  type: v.literal("ballot"),
  id: Id,
  poll: Name,
  ...BallotBody.entries,
  level: v.optional(Level, "local"),
});
export type BallotMessage = v.InferOutput<typeof BallotMessage>;

/** Characters of an order's details in all: name, address and a remark. */
export const MAX_DETAILS_CHARS = 500;

/** What a receiver orders. `key`: its own UUID, which a retry keeps. There is no price here: that is the board's. */
export const OrderBody = v.strictObject({
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "a UUID in lower case")),
  product: Name,
  quantity: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_QUANTITY)),
  details: v.optional(
    v.pipe(
      v.record(v.pipe(v.string(), v.maxLength(MAX_NAME_CHARS)), v.string()),
      v.check((details) => charsOf(details) <= MAX_DETAILS_CHARS, `at most ${MAX_DETAILS_CHARS} characters`),
      v.check((details) => jsonBytes(details) <= MAX_DETAILS_BYTES, `at most ${MAX_DETAILS_BYTES} bytes as JSON`),
      v.description("Name, address and the like, readable by the order processor alone."),
    ),
    {},
  ),
  pin: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(PIN_FORM, "4 to 8 digits"))),
    v.description("The household's PIN, where the product is confirmed with it. A retry of a logged order needs none."),
  ),
});

/** What becomes of an order. */
export const DecisionBody = v.strictObject({ decision: v.picklist(["cancel", "retry"]) });

export const OpenBody = v.strictObject({
  duration_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1000), v.maxValue(MAX_DURATION_MS))),
});

export const LostBody = v.strictObject({ edge: Line, boot: Line });

const Moment = v.pipe(v.number(), v.integer(), v.minValue(0), v.description("milliseconds since 1970"));

/** When a poll is to open by itself, and for how long. */
export const ScheduleBody = v.strictObject({
  opens_at: Moment,
  open_for_ms: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1000), v.maxValue(MAX_DURATION_MS))),
});

/** When the rundown starts; left out, now. */
export const RundownBody = v.strictObject({ starts_at: v.exactOptional(Moment) });

/** What a producer publishes: a page for whoever opens the application, or a lower third over everyone's picture. */
export const PageBody = v.strictObject({
  kind: v.optional(v.picklist(["page", "lower-third"]), "page"),
  title: Line,
  text: v.pipe(v.string(), v.maxLength(MAX_TEXT_CHARS, `at most ${MAX_TEXT_CHARS} characters`)),
});

/** What the address of a picture says beside its bytes: `text` is for those who do not see it. */
export const PictureQuery = v.object({ title: Line, text: Line });

type ObjectSchema = v.GenericSchema<unknown, object>;

/** `value` as `schema` has it, or the refusal that says what came and what was wanted. `doing`: "reading the ballot". */
export function check<S extends ObjectSchema>(schema: S, value: unknown, doing: string): v.InferOutput<S> | Refusal {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const wrong = result.issues.slice(0, MAX_REPORTED).map(explain);
  if (result.issues.length > MAX_REPORTED) wrong.push(`and ${result.issues.length - MAX_REPORTED} more`);
  return refuse("malformed", `${doing}: ${wrong.join("; ")}`);
}

/** The same for JSON text. */
export function checkJson<S extends ObjectSchema>(schema: S, text: string, doing: string): v.InferOutput<S> | Refusal {
  const value = parseJson(text, doing);
  return value.ok ? check(schema, value.json, doing) : value.refusal;
}

export type Parsed = { readonly ok: true; readonly json: unknown } | { readonly ok: false; readonly refusal: Refusal };

export function parseJson(text: string, doing: string): Parsed {
  try {
    return { ok: true, json: JSON.parse(text) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, refusal: refuse("malformed", `${doing}: this is no JSON: ${why}`) };
  }
}

/** Mistakes that one refusal names: enough to mend a file by, and a bounded answer to a hostile one. */
const MAX_REPORTED = 5;
/** Characters of what came that are repeated. */
const MAX_QUOTED = 60;

function explain(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  const where = path === null ? "the whole" : `"${path}"`;
  if (issue.expected === "never") return `${where} is not known here`;
  if (issue.received === "undefined") return `${where} is missing`;
  const verb = issue.type.endsWith("_length") ? "has a length of" : "is";
  return `${where} ${verb} ${issue.received.slice(0, MAX_QUOTED)}, wanted ${wanted(issue)}`;
}

/** A schema's own words where it has some, else what valibot says it expected. */
function wanted(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith("Invalid ") ? (issue.expected ?? issue.type) : issue.message;
}

function charsOf(details: Readonly<Record<string, string>>): number {
  return Object.entries(details).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}
