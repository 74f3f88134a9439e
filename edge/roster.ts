import type { RosterEntry } from "../crdt/roster.ts";

/** An edge of the network, as the boards of all shows know it. */
export interface KnownEdge extends Omit<RosterEntry, "shards" | "state"> {
  readonly state: "live" | "draining";
  /** Show → the shards of it that the edge keeps. */
  readonly shards: Readonly<Record<string, readonly number[]>>;
}

/** A show's roster. */
export interface ShowRoster {
  readonly show: string;
  readonly roster: readonly (RosterEntry & { readonly lost: boolean })[];
}

/** What an edge's newest boot says of itself, and a producer of it. */
interface Newest extends Omit<KnownEdge, "state"> {
  readonly state: RosterEntry["state"];
  readonly lost: boolean;
}

/**
 * Every edge once, by name, with what its newest boot says; without those whose newest boot was drained, or named lost.
 * `own` stands for itself, on a board or not.
 */
export function knownEdges(own: KnownEdge, rosters: readonly ShowRoster[]): KnownEdge[] {
  const newest = new Map<string, Newest>();
  for (const { show, roster } of rosters)
    for (const { shards, ...entry } of roster) {
      const known = newest.get(entry.edge);
      const sameBoot = known?.boot === entry.boot ? known.shards : {};
      if (known && known.boot !== entry.boot && known.since >= entry.since) continue;
      newest.set(entry.edge, { ...entry, shards: { ...sameBoot, [show]: shards } });
    }
  newest.delete(own.edge);
  const others = [...newest.values()].flatMap(({ lost, state, ...entry }) =>
    lost || state === "drained" ? [] : { ...entry, state },
  );
  return [own, ...others].toSorted((a, b) => (a.edge < b.edge ? -1 : 1));
}
