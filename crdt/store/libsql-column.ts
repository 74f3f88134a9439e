import type { Value } from "@libsql/client";

/** A column's bytes. Like `text` and `integer`, asserts what our own schema promises. */
export function blob(value: Value | undefined): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(`reading a column: got ${describe(value)}, wanted a blob`);
}

export function text(value: Value | undefined): string {
  if (typeof value === "string") return value;
  throw new TypeError(`reading a column: got ${describe(value)}, wanted text`);
}

export function integer(value: Value | undefined): number {
  if (Number.isSafeInteger(value)) return Number(value);
  throw new TypeError(`reading a column: got ${describe(value)}, wanted an integer`);
}

function describe(value: Value | undefined): string {
  return value instanceof ArrayBuffer ? `a blob of ${value.byteLength} bytes` : String(value);
}
