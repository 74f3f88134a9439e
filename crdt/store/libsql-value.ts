import type { InArgs, InValue, Row, Value } from "@libsql/client";

// Between JavaScript and the package `libsql`, as `@libsql/client` has it.

/** What `libsql` binds; a boolean would end the process. */
type BoundValue = null | string | number | bigint | Uint8Array;
/** In the order of a statement's parameters, or by their names without `:`, `@` or `$`. */
export type Bound = BoundValue[] | Record<string, BoundValue>;

export function boundOf(args: InArgs): Bound {
  if (Array.isArray(args)) return args.map(boundValueOf);
  const named = Object.entries(args).map(([name, value]) => [name.replace(/^[:@$]/, ""), boundValueOf(value)]);
  return Object.fromEntries(named);
}

/** A number is bound as REAL, which a STRICT column of integers turns into one. */
function boundValueOf(value: InValue): BoundValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Date) return value.valueOf();
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value)))
    throw new TypeError(`binding an argument: got ${value}, wanted a finite number, text, bytes or null`);
  return value;
}

/** By name, where the first of a name counts, and by position, which is not enumerated. */
export function rowOf(names: readonly string[], cells: unknown): Row {
  if (!Array.isArray(cells)) throw new TypeError(`reading a row: got ${typeof cells}, wanted the cells of a raw row`);
  const row: Row = { length: cells.length };
  Object.defineProperty(row, "length", { enumerable: false });
  for (const [i, cell] of cells.entries()) {
    const value = valueOf(cell);
    Object.defineProperty(row, i, { value });
    if (!Object.hasOwn(row, names[i]!)) row[names[i]!] = value;
  }
  return row;
}

function valueOf(cell: unknown): Value {
  if (typeof cell === "bigint") return numberOf(cell);
  if (cell instanceof Uint8Array) return new Uint8Array(cell).buffer;
  if (cell === null || typeof cell === "string" || typeof cell === "number") return cell;
  throw new TypeError(`reading a column: got ${typeof cell}, wanted null, an integer, a number, text or a blob`);
}

function numberOf(integer: bigint): number {
  const number = Number(integer);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(`reading a column: got ${integer}, which no number holds exactly`);
}
