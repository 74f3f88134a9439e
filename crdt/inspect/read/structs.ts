import * as Y from "yjs";
import type { Member } from "../../member.ts";
import type { Replica } from "../../replica.ts";
import type { Ask } from "../question.ts";

/** What the documents of a show are made of at one member. */
export interface Structs {
  readonly documents: readonly DocumentStructs[];
}

export interface DocumentStructs {
  readonly document: string;
  /** Changes since this boot began. */
  readonly updates: number;
  readonly totals: StructCounts;
  readonly clients: readonly ClientStructs[];
  /** Keys with most tombstones: those that are overwritten among others. */
  readonly hotKeys: readonly { readonly key: string; readonly tombstones: number }[];
}

export interface ClientStructs extends StructCounts {
  readonly client: number;
  /** "fra/boot"; absent where nobody has introduced it. */
  readonly owner?: string;
  /** Content → structs. */
  readonly kinds: Readonly<Record<string, number>>;
}

export interface StructCounts {
  readonly live: number;
  /** Deleted, and still an item. */
  readonly deleted: number;
  /** Collected: a clock range and nothing else. */
  readonly collected: number;
  /** Bytes of live contents: binary ones as they are, others as JSON. */
  readonly bytes: number;
}

/** Keys that are named. */
export const MAX_HOT_KEYS = 10;
/** Clients that are listed, those with most structs first. */
export const MAX_LISTED_CLIENTS = 100;

/** Walks structs alone. */
export function readStructs(member: Member, replica: Replica, { document }: Ask<"structs">): Structs {
  const names = replica.documents().filter((name) => document === undefined || name === document);
  return { documents: names.map((name) => readDocument(member, replica, name)) };
}

function readDocument(member: Member, replica: Replica, document: string): DocumentStructs {
  const { store } = replica.document(document)!;
  const keys = new Map<string, number>();
  const clients = [...store.clients].map(([client, structs]) => countClient(member, client, structs, keys));
  const hot = [...keys].sort(([, a], [, b]) => b - a).slice(0, MAX_HOT_KEYS);
  return {
    document,
    updates: replica.recentUpdates(document)!.count,
    totals: clients.reduce(add, { live: 0, deleted: 0, collected: 0, bytes: 0 }),
    clients: clients.sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, MAX_LISTED_CLIENTS),
    hotKeys: hot.map(([key, tombstones]) => ({ key, tombstones })),
  };
}

function countClient(
  { backbone }: Member,
  client: number,
  structs: readonly (Y.Item | Y.GC)[],
  keys: Map<string, number>,
): ClientStructs {
  const counts = { live: 0, deleted: 0, collected: 0, bytes: 0 };
  const kinds: Record<string, number> = {};
  for (const struct of structs) {
    const kind = struct instanceof Y.Item ? kindOf(struct.content) : "collected";
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (!(struct instanceof Y.Item)) counts.collected += 1;
    else if (struct.deleted) {
      counts.deleted += 1;
      if (struct.parentSub !== null) keys.set(struct.parentSub, (keys.get(struct.parentSub) ?? 0) + 1);
    } else {
      counts.live += 1;
      counts.bytes += bytesOf(struct.content);
    }
  }
  const owner = backbone.introductions.ownerOf(client);
  return { client, ...(owner ? { owner: `${owner.member}/${owner.boot}` } : {}), ...counts, kinds };
}

function kindOf(content: Y.Item["content"]): string {
  if (content instanceof Y.ContentAny) return "values";
  if (content instanceof Y.ContentBinary) return "bytes";
  if (content instanceof Y.ContentDeleted) return "deleted";
  return content instanceof Y.ContentType ? "types" : "others";
}

function bytesOf(content: Y.Item["content"]): number {
  if (content instanceof Y.ContentBinary) return content.content.length;
  return content instanceof Y.ContentAny ? JSON.stringify(content.arr).length : 0;
}

function add(sum: StructCounts, { live, deleted, collected, bytes }: StructCounts): StructCounts {
  return {
    live: sum.live + live,
    deleted: sum.deleted + deleted,
    collected: sum.collected + collected,
    bytes: sum.bytes + bytes,
  };
}

function sizeOf({ live, deleted, collected }: StructCounts): number {
  return live + deleted + collected;
}
