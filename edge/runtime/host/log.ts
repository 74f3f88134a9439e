import type { Log } from "../../../crdt/ports.ts";

type Level = Parameters<Log>[0];
type Fields = Readonly<Record<string, unknown>>;

/** One line of a log: what both forms are written from, and what a supervisor reads back. */
export interface LogLine {
  readonly time: string;
  readonly level: Level;
  readonly name: string;
  readonly message: string;
  readonly fields: Fields;
}

export interface LogOptions {
  readonly name: string;
  /** "text" for people, "json" for machines: one object a line. */
  readonly form: "text" | "json";
  readonly least: Level;
  readonly now: () => number;
  readonly write: (line: string) => void;
}

const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** A log that writes whole lines, readable or as JSON. */
export function lineLog(options: LogOptions): Log {
  const least = LEVELS.indexOf(options.least);
  return (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < least) return;
    const line = { time: new Date(options.now()).toISOString(), level, name: options.name, message, fields };
    options.write(options.form === "json" ? jsonLine(line) : textLine(line));
  };
}

/** `{"time":…,"level":…,"name":…,"message":…, …fields}`; a field never hides one of the first four. */
export function jsonLine(line: LogLine): string {
  const { fields, ...head } = line;
  const plain = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]));
  return `${JSON.stringify(Object.assign({ ...head }, plain, head))}\n`;
}

/** `14:03:22.123 info  listening public=127.0.0.1:8101`. */
export function textLine(line: LogLine): string {
  const fields = Object.entries(line.fields).map(([key, value]) => ` ${key}=${textValue(value)}`);
  return `${line.time.slice(11, 23)} ${line.level.padEnd(5)} ${line.message}${fields.join("")}\n`;
}

/** The inverse of `jsonLine`; undefined for any other text. */
export function parseLine(text: string): LogLine | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const { time, level, name, message, ...fields } = JSON.parse(text) as Record<string, unknown>;
    if (typeof time !== "string" || typeof name !== "string" || typeof message !== "string") return undefined;
    const known = LEVELS.find((each) => each === level);
    return known && { time, level: known, name, message, fields };
  } catch {
    return undefined; // A program's own print that happens to begin with a brace.
  }
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? String(value);
  return typeof value === "bigint" ? value.toString() : value;
}

function textValue(value: unknown): string {
  const plain = plainValue(value);
  if (typeof plain === "string") return /^[\w./:@-]+$/.test(plain) ? plain : JSON.stringify(plain);
  return JSON.stringify(plain) ?? "undefined";
}
