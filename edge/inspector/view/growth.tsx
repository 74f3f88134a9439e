import { useEffect, useState } from "preact/hooks";
import type { Report } from "../../../crdt/inspect/report.ts";
import type { GrowthData, GrowthSample } from "../../../crdt/inspect/view/growth.ts";
import { Chart, type Curve } from "../chart.tsx";
import { Table } from "../table.tsx";
import { grouped } from "../words.ts";

/** Samples that are drawn: ten minutes at one in two seconds. */
const MAX_SAMPLES = 300;

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
      <Chart
        title="Ballots accepted since boot"
        curves={byMember(history, "ballots", documents[0])}
        times={timesOf(history)}
      />
      {documents.map((document) => (
        <div class="pair" key={document}>
          <Chart title={`${document}: bytes`} curves={byMember(history, "bytes", document)} times={timesOf(history)} />
          <Chart
            title={`${document}: structs`}
            curves={byMember(history, "structs", document)}
            times={timesOf(history)}
          />
        </div>
      ))}
      <Chart
        title="Memory of the process, bytes"
        curves={byMember(history, "memoryBytes", documents[0])}
        times={timesOf(history)}
      />
      <Table
        caption="Now"
        head={["member", "document", "structs", "bytes", "updates", "ballots", "batches folded"]}
        rows={rows}
      />
    </>
  );
}

function timesOf(history: readonly GrowthData[]): number[] {
  return history.map(({ at }) => at / 1000);
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
