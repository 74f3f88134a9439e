import type { Report } from "../../../crdt/inspect/report.ts";
import type { StructsData } from "../../../crdt/inspect/view/structs.ts";
import { Table } from "../table.tsx";
import { grouped } from "../words.ts";

export function StructsView({ report }: { readonly report: Report }) {
  const { members } = report.data as StructsData;
  const rows = members.flatMap(({ name, documents }) =>
    documents.flatMap(({ document, clients }) =>
      clients.map(({ client, owner, live, deleted, collected, bytes, kinds }) => ({
        key: `${name} ${document} ${client}`,
        cells: [
          name,
          document,
          owner ?? `client ${client}`,
          ...[live, deleted, collected, bytes].map(grouped),
          Object.entries(kinds)
            .map(([kind, count]) => `${kind} ${grouped(count)}`)
            .join(", "),
        ],
      })),
    ),
  );
  const hot = members.flatMap(({ name, documents }) =>
    documents.flatMap(({ document, hotKeys }) =>
      hotKeys.map(({ key, tombstones }) => ({
        key: `${name} ${document} ${key}`,
        cells: [name, document, key, grouped(tombstones)],
      })),
    ),
  );
  return (
    <>
      <Table
        caption="By client"
        head={["member", "document", "client", "live", "deleted", "collected", "bytes", "kinds"]}
        rows={rows}
      />
      <Table caption="Keys with most tombstones" head={["member", "document", "key", "tombstones"]} rows={hot} />
    </>
  );
}
