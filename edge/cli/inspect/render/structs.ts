import type { GrowthData } from "../../../../crdt/inspect/view/growth.ts";
import type { StructsData } from "../../../../crdt/inspect/view/structs.ts";
import { grouped, tableOf } from "../../output.ts";

export function structsText({ members }: StructsData): string {
  const rows = members.flatMap(({ name, documents }) =>
    documents.flatMap(({ document, clients }) =>
      clients.map(({ client, owner, live, deleted, collected, bytes, kinds }) => [
        name,
        document,
        owner ?? `client ${client}`,
        ...[live, deleted, collected, bytes].map(grouped),
        Object.entries(kinds)
          .map(([kind, count]) => `${kind} ${grouped(count)}`)
          .join(", "),
      ]),
    ),
  );
  return tableOf([["member", "document", "client", "live", "deleted", "collected", "bytes", "kinds"], ...rows]);
}

export function growthText({ samples }: GrowthData): string {
  const rows = samples.map(({ member, document, structs, bytes, updates, ballots, folded }) => [
    member,
    document,
    ...[structs, bytes, updates, ballots, folded].map(grouped),
  ]);
  return tableOf([["member", "document", "structs", "bytes", "updates", "ballots", "folded"], ...rows]);
}
