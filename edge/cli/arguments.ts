import { InvalidArgumentError } from "commander";

/** Arguments of commands, as commander has them read. */

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("wanted a whole number.");
  return Number(text);
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("wanted a number above 0.");
  return value;
}

/** "30s", "5m", "1500ms" → milliseconds. */
export function timeSpan(text: string): number {
  const [, count, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("wanted a time like 30s, 5m or 1500ms.");
  return Math.round(Number(count) * ({ ms: 1, s: 1000, m: 60_000 }[unit] ?? 1000));
}
