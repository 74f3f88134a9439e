import type { Report } from "../../../crdt/inspect/report.ts";
import type { DiffData } from "../../../crdt/inspect/view/diff.ts";
import { Table } from "../table.tsx";
import { EntriesTable } from "./doc.tsx";

export function DiffView({ report }: { readonly report: Report }) {
  const { document, between, structs, deletionsDiffer, values } = report.data as DiffData;
  const rows = structs.map(({ client, owner, clocks }) => ({
    key: client,
    cells: [owner ?? `client ${client}`, ...clocks.map(String)],
  }));
  return (
    <>
      <p>
        {structs.length === 0 && values.length === 0 && !deletionsDiffer
          ? `${between.join(" and ")} hold the same of ${document}.`
          : deletionsDiffer
            ? "Other parts are deleted."
            : ""}
      </p>
      <Table caption="Clocks that differ" head={["of", ...between]} rows={rows} />
      <EntriesTable caption="Values that differ" entries={values} />
    </>
  );
}
