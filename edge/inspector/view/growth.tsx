import { useEffect, useState } from "preact/hooks";
import type uPlot from "uplot";
import type { Report } from "../../../crdt/inspect/report.ts";
import type { GrowthData, GrowthSample } from "../../../crdt/inspect/view/growth.ts";
import { LineChart, type Curve } from "../../widgets/line-chart.tsx";
import { Table } from "../table.tsx";
import { grouped } from "../words.ts";

/** Samples that are drawn: ten minutes at one in two seconds. */
const MAX_SAMPLES = 300;

const SCALES: uPlot.Scales = { y: { range: (_chart, least, most) => [Math.min(0, least), Math.max(1, most * 1.05)] } };

type Figure = "bytes" | "structs" | "ballots" | "folded" | "memoryBytes";

export function GrowthView({ report }: { readonly report: Report }) {
  const data = report.data as GrowthData;
  const [history, setHistory] = useState<readonly GrowthData[]>([]);
  useEffect(() => setHistory((before) => [...before, data].slice(-MAX_SAMPLES)), [data.at]);
  const documents = [...new Set(data.samples.map(({ document }) => document))];
  const rows = data.samples.map((sample) => ({
    key: `${sample.member} ${sample.document}`,
    cells: [
      sample.member,
      sample.document,
      ...[sample.structs, sample.bytes, sample.updates, sample.ballots, sample.folded].map(grouped),
    ],
  }));
  return (
    <>
      <FigureChart title="Ballots accepted since boot" figure="ballots" of={documents[0]} history={history} />
      {documents.map((document) => (
        <div class="pair" key={document}>
          <FigureChart title={`${document}: bytes`} figure="bytes" of={document} history={history} />
          <FigureChart title={`${document}: structs`} figure="structs" of={document} history={history} />
        </div>
      ))}
      <FigureChart title="Memory of the process, bytes" figure="memoryBytes" of={documents[0]} history={history} />
      <Table
        caption="Now"
        head={["member", "document", "structs", "bytes", "updates", "ballots", "batches folded"]}
        rows={rows}
      />
    </>
  );
}

interface FigureChartProps {
  readonly title: string;
  readonly figure: Figure;
  readonly of: string | undefined;
  readonly history: readonly GrowthData[];
}

/** How a figure of a document has grown, a curve a member. */
function FigureChart({ title, figure, of: document, history }: FigureChartProps) {
  return (
    <LineChart
      title={title}
      curves={byMember(history, figure, document)}
      times={history.map(({ at }) => at / 1000)}
      scales={SCALES}
      valueText={grouped}
      valueSize={80}
    />
  );
}

function byMember(history: readonly GrowthData[], figure: Figure, document: string | undefined): Curve[] {
  const of = (sample: GrowthSample): boolean => sample.document === document;
  const names = [
    ...new Set(history.flatMap(({ samples }) => samples.filter(of).map(({ member }) => member))),
  ].toSorted();
  return names.map((name) => ({
    name,
    values: history.map(
      ({ samples }) => samples.find((sample) => of(sample) && sample.member === name)?.[figure] ?? null,
    ),
  }));
}
