import * as v from "valibot";
import type { Answer } from "../inspector.ts";
import type { MemberStatus } from "../read/status.ts";
import type { Structs } from "../read/structs.ts";
import type { Shown } from "../report.ts";
import { showParam } from "./params.ts";
import { view } from "./view.ts";

/** One sample: whoever wants a curve asks again. Nothing is sampled while nobody asks. */
export interface GrowthData {
  /** Milliseconds since 1970 by the asked member's clock. */
  readonly at: number;
  readonly samples: readonly GrowthSample[];
}

export interface GrowthSample {
  readonly member: string;
  readonly document: string;
  readonly structs: number;
  /** Of live contents. */
  readonly bytes: number;
  /** Changes since the member's boot. */
  readonly updates: number;
  /** Ballots that the member has made durable since its boot, and batches that it has folded. */
  readonly ballots: number;
  readonly folded: number;
  readonly memoryBytes?: number;
}

export function showGrowth(
  show: string,
  structs: readonly Answer<Structs>[],
  statuses: readonly Answer<MemberStatus>[],
  at: number,
): Shown<GrowthData> {
  const samples = structs.flatMap(({ member, reading }) => {
    const status = statuses.find((answer) => answer.member === member)?.reading;
    const folded = status?.shows.find(({ id }) => id === show)?.folded ?? 0;
    const memoryBytes = status?.facts?.memoryBytes;
    const memory = memoryBytes === undefined ? {} : { memoryBytes };
    return (reading?.documents ?? []).map(({ document, totals, updates }): GrowthSample => {
      const { live, deleted, collected, bytes } = totals;
      const ballots = status?.written.ballots ?? 0;
      return { member, document, structs: live + deleted + collected, bytes, updates, ballots, folded, ...memory };
    });
  });
  return { data: { at, samples }, messages: [] };
}

export const growth = view({
  summary: "bytes, structs and ballots now: asked again and again, over time",
  params: v.strictObject({ show: showParam }),
  run: async ({ inspector }, { show }) => {
    const [structs, statuses] = await Promise.all([
      inspector.gather({ ask: "structs", show }),
      inspector.gather({ ask: "status" }),
    ]);
    return { shown: showGrowth(show, structs, statuses, inspector.member.world.clock.now()), asked: structs };
  },
});
