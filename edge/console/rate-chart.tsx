import type uPlot from "uplot";
import { LineChart } from "../widgets/line-chart.tsx";
import { grouped } from "./numbers.ts";
import { HISTORY_S, type Rates } from "./rates.ts";

const SCALES: uPlot.Scales = {
  x: { range: (_chart, _first, last) => [last - HISTORY_S, last] },
  y: { range: (_chart, _least, most) => [0, Math.max(10, most * 1.1)] },
};

/** Votes a second by edge over the last two minutes. */
export function RateChart({ rates }: { readonly rates: Rates }) {
  const curves = Object.keys(rates.byEdge)
    .toSorted()
    .map((name) => ({ name, values: rates.byEdge[name]! }));
  return (
    <LineChart
      title="Votes a second"
      curves={curves}
      times={rates.times}
      scales={SCALES}
      valueText={grouped}
      valueSize={46}
    />
  );
}
