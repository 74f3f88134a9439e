import type { Report } from "../../../crdt/inspect/report.ts";
import type { LagCell, LagData } from "../../../crdt/inspect/view/lag.ts";
import { Table } from "../table.tsx";
import { clock, grouped, span } from "../words.ts";

export function LagView({ report }: { readonly report: Report }) {
  const { documents, cells } = report.data as LagData;
  return (
    <>
      {documents.map((document) => (
        <Matrix
          key={document}
          document={document}
          cells={cells.filter((cell) => cell.document === document)}
          now={report.at}
        />
      ))}
    </>
  );
}

interface MatrixProps {
  readonly document: string;
  readonly cells: readonly LagCell[];
  readonly now: number;
}

function Matrix({ document, cells, now }: MatrixProps) {
  const names = [...new Set(cells.flatMap(({ lacking, holder }) => [lacking, holder]))];
  const rows = names.map((lacking) => ({
    key: lacking,
    cells: [
      lacking,
      ...names.map((holder) => {
        const cell = cells.find((each) => each.lacking === lacking && each.holder === holder);
        return cell ? <Cell cell={cell} now={now} /> : "·";
      }),
    ],
  }));
  return <Table caption={document} head={["lacks, of →", ...names]} rows={rows} />;
}

function Cell({ cell: { state, count, since, heardAt }, now }: { readonly cell: LagCell; readonly now: number }) {
  switch (state) {
    case "equal":
      return <span class="state equal">equal</span>;
    case "unknown":
      return <span class="state unknown">{heardAt === undefined ? "unknown" : `unknown since ${clock(heardAt)}`}</span>;
    case "deletions":
      return <span class="state deletions">deletions differ</span>;
    case "behind":
    case "gap":
      return (
        <span class={`state ${state}`}>
          {state === "gap" ? "GAP, " : ""}
          {grouped(count)} behind{heardAt === undefined ? "" : " by its last word"}
          {since === undefined ? "" : `, ${span(now - since)}, since ${clock(since)}`}
        </span>
      );
  }
}
