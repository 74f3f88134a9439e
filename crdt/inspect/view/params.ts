import * as v from "valibot";
import { MAX_ROWS } from "../question.ts";

/** Parameters as a query brings them: text, each with its limit. */
const text = v.pipe(v.string(), v.maxLength(200, "at most 200 characters"));

export const showParam = v.pipe(v.string(), v.maxLength(40, "at most 40 characters"));
export const documentParam = v.exactOptional(text);
export const searchParam = v.exactOptional(text);
export const nameParam = v.exactOptional(text);
export const textParam = text;
/** Rows at most. */
export const rowsParam = v.optional(
  v.pipe(
    text,
    v.regex(/^[1-9]\d*$/, `1 to ${MAX_ROWS}`),
    v.transform(Number),
    v.maxValue(MAX_ROWS, `1 to ${MAX_ROWS}`),
  ),
  "100",
);
export const shardParam = v.exactOptional(v.pipe(text, v.regex(/^\d{1,5}$/, "a number"), v.transform(Number)));
export const flagParam = v.optional(
  v.pipe(
    v.picklist(["0", "1"], "0 or 1"),
    v.transform((value) => value === "1"),
  ),
  "0",
);
