// Updates written byte by byte, in Yjs's first encoding: what an honest Yjs would never send.
import * as encoding from "lib0/encoding";

export interface RawId {
  readonly client: number;
  readonly clock: number;
}

export type RawContent =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "any"; readonly values: readonly unknown[] }
  /** Already encoded by lib0, for values that its encoder cannot write. */
  | { readonly kind: "encoded"; readonly length: number; readonly bytes: Uint8Array }
  | { readonly kind: "deleted"; readonly length: number }
  | { readonly kind: "json"; readonly text: string }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "embed"; readonly text: string }
  | { readonly kind: "format"; readonly key: string; readonly text: string }
  /** 0 is a Y.Array, 1 a Y.Map. */
  | { readonly kind: "type"; readonly ref: number }
  | { readonly kind: "doc"; readonly guid: string };

export type RawStruct =
  | { readonly kind: "gc"; readonly length: number }
  | { readonly kind: "skip"; readonly length: number }
  | {
      readonly kind: "item";
      readonly origin?: RawId | undefined;
      readonly rightOrigin?: RawId | undefined;
      /** A root's name, or the item that holds a nested type; written only where there is no origin. */
      readonly parent?: string | RawId | undefined;
      readonly key?: string | undefined;
      readonly content: RawContent;
    };

export interface RawBlock {
  readonly client: number;
  readonly clock: number;
  readonly structs: readonly RawStruct[];
  /** The number of structs that is claimed, where it is not theirs. */
  readonly count?: number;
}

export interface RawDeletions {
  readonly client: number;
  readonly ranges: readonly (readonly [clock: number, length: number])[];
}

const CONTENT_REFS = {
  deleted: 1,
  json: 2,
  bytes: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  encoded: 8,
  doc: 9,
};
const SKIP_REF = 10;
const HAS_ORIGIN = 0x80;
const HAS_RIGHT_ORIGIN = 0x40;
const HAS_KEY = 0x20;

export function rawUpdate(blocks: readonly RawBlock[], deletions: readonly RawDeletions[] = []): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, blocks.length);
    for (const { client, clock, structs, count } of blocks) {
      for (const number of [count ?? structs.length, client, clock]) encoding.writeVarUint(encoder, number);
      for (const struct of structs) writeStruct(encoder, struct);
    }
    encoding.writeVarUint(encoder, deletions.length);
    for (const { client, ranges } of deletions)
      for (const number of [client, ranges.length, ...ranges.flat()]) encoding.writeVarUint(encoder, number);
  });
}

function writeStruct(encoder: encoding.Encoder, struct: RawStruct): void {
  if (struct.kind !== "item") {
    encoding.writeUint8(encoder, struct.kind === "gc" ? 0 : SKIP_REF);
    return encoding.writeVarUint(encoder, struct.length);
  }
  const { origin, rightOrigin, parent, key, content } = struct;
  const flags = (origin ? HAS_ORIGIN : 0) | (rightOrigin ? HAS_RIGHT_ORIGIN : 0) | (key === undefined ? 0 : HAS_KEY);
  encoding.writeUint8(encoder, CONTENT_REFS[content.kind] | flags);
  if (origin) writeId(encoder, origin);
  if (rightOrigin) writeId(encoder, rightOrigin);
  if (!origin && !rightOrigin) {
    encoding.writeVarUint(encoder, typeof parent === "object" ? 0 : 1);
    if (typeof parent === "object") writeId(encoder, parent);
    else encoding.writeVarString(encoder, parent ?? "");
    if (key !== undefined) encoding.writeVarString(encoder, key);
  }
  writeContent(encoder, content);
}

function writeId(encoder: encoding.Encoder, { client, clock }: RawId): void {
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, clock);
}

function writeContent(encoder: encoding.Encoder, content: RawContent): void {
  switch (content.kind) {
    case "bytes":
      return encoding.writeVarUint8Array(encoder, content.bytes);
    case "any":
      encoding.writeVarUint(encoder, content.values.length);
      for (const value of content.values) encoding.writeAny(encoder, value as string);
      return;
    case "encoded":
      encoding.writeVarUint(encoder, content.length);
      return encoding.writeUint8Array(encoder, content.bytes);
    case "deleted":
      return encoding.writeVarUint(encoder, content.length);
    case "json":
      encoding.writeVarUint(encoder, 1);
      return encoding.writeVarString(encoder, content.text);
    case "string":
    case "embed":
      return encoding.writeVarString(encoder, content.text);
    case "format":
      encoding.writeVarString(encoder, content.key);
      return encoding.writeVarString(encoder, content.text);
    case "type":
      return encoding.writeVarUint(encoder, content.ref);
    case "doc":
      encoding.writeVarString(encoder, content.guid);
      return encoding.writeAny(encoder, {});
  }
}
