import * as v from "valibot";
import { MAX_ROWS } from "../question.ts";

/** Parameters as a query brings them: text, each with its limit. */
const text = v.pipe(v.string(), v.maxLength(200));

export const showParam = v.pipe(v.string(), v.maxLength(40));
export const textParam = text;
export const rowsParam = v.optional(
  v.pipe(text, v.regex(/^[1-9]\d{0,2}$/, `1 to ${MAX_ROWS}`), v.transform(Number), v.maxValue(MAX_ROWS)),
  "100",
);
export const numberParam = v.pipe(text, v.regex(/^\d{1,5}$/, "a number"), v.transform(Number));
export const flagParam = v.pipe(
  v.picklist(["0", "1", ""], "0 or 1"),
  v.transform((value) => value !== "0"),
);
