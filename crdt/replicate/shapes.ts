import { CONTENT_KINDS } from "../content.ts";

/**
 * The shapes of the values in board and tallies, as far as their readers count on them: a value of another shape, once
 * in a document, would fail every reader at every replica for as long as the show lives. Further members of a value are
 * let in, and keys of no kind known here: they are a later version's, and nobody here reads them.
 */
interface Shape {
  (value: unknown): boolean;
}

/** Whether `value` may stand under `key` on a board. */
export function isBoardValue(key: string, value: unknown): boolean {
  const slash = key.indexOf("/");
  const shape = BOARD_SHAPES.get(slash < 0 ? key : key.slice(0, slash + 1));
  return shape === undefined || shape(value);
}

/** Whether `value` may stand in the tallies. */
export function isRegister(value: unknown): boolean {
  return REGISTER(value);
}

const isText: Shape = (value) => typeof value === "string";
const isCount: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber: Shape = (value) => Number.isFinite(value);
const isWithin =
  (least: number, most: number): Shape =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isOneOf =
  (...values: readonly unknown[]): Shape =>
  (value) =>
    values.includes(value);
const isOptional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);
const isList =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);
/** A record whose keys match `keys`. */
const isRecord =
  (shape: Shape, keys = /^/): Shape =>
  (value) =>
    isObject(value) && Object.entries(value).every(([key, member]) => keys.test(key) && shape(member));
const isOf =
  (members: Readonly<Record<string, Shape>>): Shape =>
  (value) =>
    isObject(value) && Object.entries(members).every(([name, shape]) => shape(value[name]));

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Chains' names, as `parseChainId` reads them. */
const WATERMARK = isRecord(isCount, /^\d{1,5}\/[^/]+\/[0-9a-f]{16}$/);
const COUNTS = isOf({ anonymous: isList(isNumber), signed: isList(isNumber) });
const DECLARATION = isOf({ at: isNumber, by: isText });
const MESSAGE: Shape = (value) =>
  isOf({ kind: isOneOf("text"), text: isText })(value) || isOf({ kind: isOneOf("content"), content: isText })(value);
const EVENT_ID = isWithin(1, 0xffff_ffff);
const FIRED = isOf({
  cue: isOf({
    id: (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value),
    eventId: EVENT_ID,
    show: isText,
    threshold: isText,
    epoch: isCount,
    message: MESSAGE,
    durationMs: isNumber,
    firedAt: isNumber,
  }),
  value: isNumber,
  of: isOptional(isNumber),
  coverage: WATERMARK,
  by: isText,
});
const STEPS = { atLeast: isNumber, every: isOptional((value) => isNumber(value) && (value as number) > 0) };
const RULES: readonly Shape[] = [
  isOf({ kind: isOneOf("present"), ...STEPS }),
  isOf({ kind: isOneOf("voted"), poll: isOptional(isText), ...STEPS }),
  isOf({ kind: isOneOf("votes"), poll: isText, option: isText, ...STEPS }),
  isOf({ kind: isOneOf("share"), poll: isText, option: isText, percent: isNumber, sample: isNumber }),
];
/** Shards are numbered by 16 bits; votes by 4. */
const [SHARDS, VOTES] = [isWithin(1, 0xffff), isWithin(1, 15)];

const SHOW = isOf({
  id: isText,
  title: isText,
  shards: SHARDS,
  created: isNumber,
  wrappedKey: (value) => typeof value === "string" && /^([0-9a-f]{2})*$/.test(value),
  rehearsal: isOptional(isOneOf(true)),
  rundown: isOptional(isList(isOf({ poll: isText, afterMs: isNumber, openMs: isOptional(isNumber) }))),
});
const POLL = isOf({
  id: isText,
  index: isCount,
  question: isText,
  options: isList(isOf({ id: isText, text: isText })),
  mode: isOneOf("last", "first", "votes"),
  votes: VOTES,
  graceMs: isNumber,
  results: isOneOf("hidden", "live"),
  answer: isOptional(isText),
});
const THRESHOLD = isOf({
  id: isText,
  rule: (value) => RULES.some((isRule) => isRule(value)),
  message: MESSAGE,
  durationMs: isNumber,
  urgent: isOneOf(true, false),
});

const PRODUCT = isOf({
  id: isText,
  title: isText,
  text: isText,
  price: isCount,
  currency: isText,
  stock: isCount,
  mostAtOnce: isCount,
  confirmation: isOneOf("press", "pin"),
});

const BOARD_SHAPES: ReadonlyMap<string, Shape> = new Map(
  Object.entries({
    show: SHOW,
    "proposal/": isOf({
      show: SHOW,
      polls: isList(POLL),
      thresholds: isList(THRESHOLD),
      products: isOptional(isList(PRODUCT)),
    }),
    "poll/": POLL,
    "scheduled/": isOf({ opensAt: isNumber, openMs: isOptional(isNumber), by: isText }),
    "transition/": isOf({ at: isNumber, by: isText, closesAt: isOptional(isNumber) }),
    "released/": DECLARATION,
    "lost/": DECLARATION,
    "roster/": isOf({
      edge: isText,
      boot: isText,
      state: isText,
      region: isText,
      shards: isList(isCount),
      address: isText,
      since: isNumber,
    }),
    "final/": isOf({ poll: isText, counts: COUNTS, cut: WATERMARK, lost: isList(isText), at: isNumber }),
    watermarks: isOf({ recorded: WATERMARK, pruned: WATERMARK, deletable: isRecord(isRecord(isCount)) }),
    awaited: isList(isText),
    forgotten: DECLARATION,
    "content/": isOf({ id: isText, kind: isOneOf(...CONTENT_KINDS), title: isText, text: isText, at: isNumber }),
    "threshold/": THRESHOLD,
    "armed/": DECLARATION,
    "disarmed/": DECLARATION,
    "event/": isOf({ eventId: EVENT_ID }),
    "crossing/": FIRED,
    "cue/": FIRED,
    "confirmed/": DECLARATION,
    "progress/": isOf({
      at: isNumber,
      thresholds: isRecord(
        isOf({
          epoch: isCount,
          value: isNumber,
          target: isNumber,
          perSecond: isNumber,
          remainingMs: isOptional(isNumber),
        }),
      ),
    }),
    "product/": PRODUCT,
    "offered/": DECLARATION,
    "withdrawn/": DECLARATION,
    "envelope-key/": isOf({
      key: (value) => typeof value === "string" && /^04[0-9a-f]{128}$/.test(value),
      since: isNumber,
    }),
    "sales/": isOf({
      at: isNumber,
      products: isRecord(isOf({ left: isCount, reserved: isCount, confirmed: isCount })),
    }),
    "stuck/": (value) =>
      value === null ||
      isOf({ order: isText, product: isText, quantity: isCount, reason: isText, at: isNumber })(value),
    "decision/": isOf({ at: isNumber, by: isText, decision: isOneOf("cancel", "retry") }),
    "audit/": isOf({ at: isNumber, by: isText, edge: isText, action: isText, target: isText }),
  }),
);

const REGISTER = isOf({
  boot: isText,
  shards: isRecord(isOf({ coverage: WATERMARK, polls: isRecord(COUNTS), present: isNumber })),
});
