import type { Report } from "../../../crdt/inspect/report.ts";
import type { LogBatch, LogData } from "../../../crdt/inspect/view/log.ts";
import { Table } from "../table.tsx";
import { clock, grouped } from "../words.ts";

export function LogView({ report }: { readonly report: Report }) {
  const { batches, updates } = report.data as LogData;
  const rows = batches.map((batch) => ({
    key: `${batch.chain}/${batch.sequence}`,
    cells: [
      clock(batch.time),
      batch.edge,
      `${batch.chain} ${batch.sequence}`,
      batch.kind,
      grouped(batch.records),
      network(batch),
      decoded(batch),
    ],
  }));
  const notes = updates.map(({ at, member, document, bytes, from }) => ({
    key: `${at} ${member} ${document} ${from ?? ""}`,
    cells: [clock(at), member, document, grouped(bytes), from ?? "itself"],
  }));
  return (
    <>
      <Table
        caption="Batches"
        head={["time", "edge", "chain", "kind", "records", "to others", "decoded"]}
        rows={rows}
      />
      <Table caption="Updates of documents" head={["time", "at", "document", "bytes", "from"]} rows={notes} />
    </>
  );
}

function network({ networkMs }: LogBatch): string {
  return Object.entries(networkMs)
    .map(([member, ms]) => `${member} ${Math.round(ms)} ms`)
    .join(", ");
}

function decoded({ ballots = [] }: LogBatch): string {
  return ballots
    .map(
      ({ receiver, poll, option, press, k }) => `${receiver}: poll ${poll}, option ${option}, press ${press}, k ${k}`,
    )
    .join("; ");
}
