import { Coverage } from "./coverage.ts";
import { activeBoots } from "./poll.ts";
import type { Replica } from "./replica.ts";

/** Who keeps the recorder from pruning: the edge whose register covers least, or the recorder itself. */
export function pruningHeldUpBy(replica: Replica): string {
  const { recorded } = replica.board.watermarks;
  const active = new Set(activeBoots(replica.board.rosterBoots(), replica.seals()).map(({ edge }) => edge));
  const standing = [...replica.tallies.registers()].filter(([edge]) => active.has(edge));
  const registers = standing.map(([edge, register]) => {
    const sections = Object.values(register.shards).map((section) => Coverage.from(section.coverage));
    return {
      edge,
      misses: Object.entries(recorded).filter(([id, sequence]) =>
        sections.every((section) => section.of(id) < sequence),
      ).length,
    };
  });
  const worst = registers.sort((a, b) => b.misses - a.misses)[0];
  return worst && worst.misses > 0 ? `edge "${worst.edge}"` : "the recorder";
}
