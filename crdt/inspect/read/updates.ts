import type { Replica } from "../../replica.ts";
import type { Ask } from "../question.ts";

/** The last changes of a member's documents, newest first. */
export interface Updates {
  readonly updates: readonly NotedUpdate[];
}

export interface NotedUpdate {
  readonly document: string;
  /** Milliseconds since 1970, by the member's clock. */
  readonly at: number;
  readonly bytes: number;
  /** The peer that brought it; absent where the member wrote it. */
  readonly from?: string;
}

export function readUpdates(replica: Replica, { document, rows }: Ask<"updates">): Updates {
  const names = replica.documents().filter((name) => document === undefined || name === document);
  const updates = names.flatMap((name) =>
    replica
      .recentUpdates(name)!
      .list()
      .map(({ at, bytes, from }) => ({ document: name, at, bytes, ...(from === undefined ? {} : { from }) })),
  );
  return { updates: updates.sort((a, b) => b.at - a.at).slice(0, rows) };
}
