import type { Ask, Candidate } from "./candidate.ts";
import type { Policy, Ranked } from "./policy.ts";

/** Where a receiver should go, and why. */
export interface Choice {
  /** Best first; empty where no edge keeps the shard, or the operator took all of them down. */
  readonly ranked: readonly Ranked[];
  readonly pool: Pool;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Which candidates were ranked: those that may take receivers; where there are none, those that drain; where there are
 * none either, all but those taken down by hand, whatever their health. Health checks that fail everywhere at once say
 * more about the checker than about the edges.
 */
export type Pool = "healthy" | "draining" | "fail open";

export interface LeftOut {
  readonly candidate: Candidate;
  readonly reason: string;
}

/** Chooses among the candidates that keep the receiver's shard and may take it. */
export function steer(candidates: readonly Candidate[], policy: Policy, ask: Ask): Choice {
  const { pool, of } = poolOf(candidates.filter((candidate) => refusalOf(candidate, ask) === undefined));
  const chosen = new Set(of);
  const leftOut = candidates
    .filter((candidate) => !chosen.has(candidate))
    .map((candidate) => ({ candidate, reason: refusalOf(candidate, ask) ?? conditionOf(candidate) }));
  return { ranked: policy(of, ask), pool, leftOut };
}

/** Why a candidate may never be given to this receiver. */
function refusalOf({ admin, shards }: Candidate, { shard }: Ask): string | undefined {
  if (admin === "down") return "taken down by hand";
  if (shard !== undefined && shards && !shards.includes(shard)) return `does not keep shard ${shard}`;
  return undefined;
}

function poolOf(candidates: readonly Candidate[]): { readonly pool: Pool; readonly of: readonly Candidate[] } {
  const healthy = candidates.filter(({ health }) => health === "up");
  const free = healthy.filter(({ admin }) => admin === "up");
  if (free.length > 0) return { pool: "healthy", of: free };
  if (healthy.length > 0) return { pool: "draining", of: healthy };
  return { pool: "fail open", of: candidates };
}

function conditionOf({ health, admin }: Candidate): string {
  return health === "down" ? "down" : admin;
}
