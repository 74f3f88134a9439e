import type { GrowthData } from "../../../../crdt/inspect/view/growth.ts";
import type { ClientStructs } from "../../../../crdt/inspect/read/structs.ts";
import type { StructsData } from "../../../../crdt/inspect/view/structs.ts";
import { grouped, tableOf } from "../../output.ts";

/** Members whose documents are made of the same share their rows. */
export function structsText({ members }: StructsData): string {
  const alike = new Map<string, { names: string[]; cells: string[] }>();
  for (const { name, documents } of members)
    for (const { document, clients } of documents)
      for (const client of clients) {
        const cells = cellsOf(document, client);
        const known = alike.get(cells.join()) ?? { names: [], cells };
        known.names.push(name);
        alike.set(cells.join(), known);
      }
  const rows = [...alike.values()].map(({ names, cells }) => [...cells, names.join(", ")]);
  return tableOf([["document", "client", "live", "deleted", "collected", "bytes", "kinds", "at"], ...rows]);
}

function cellsOf(document: string, { client, owner, live, deleted, collected, bytes, kinds }: ClientStructs): string[] {
  const made = Object.entries(kinds).map(([kind, count]) => `${kind} ${grouped(count)}`);
  const counts = [live, deleted, collected, bytes].map(grouped);
  return [document, owner ?? `client ${client}`, ...counts, made.toSorted().join(", ")];
}

export function growthText({ samples }: GrowthData): string {
  const rows = samples.map(({ member, document, structs, bytes, updates, ballots, folded }) => [
    member,
    document,
    ...[structs, bytes, updates, ballots, folded].map(grouped),
  ]);
  return tableOf([["member", "document", "structs", "bytes", "updates", "ballots", "folded"], ...rows]);
}
