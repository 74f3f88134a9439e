import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { timeText } from "./numbers.ts";
import { HISTORY_S, type Rates } from "./rates.ts";

/** A line an edge: colour and dashes, so that it is told without the colour too. */
const LINES = [
  { stroke: "#6cb2ff", dash: [] },
  { stroke: "#3ddc84", dash: [8, 4] },
  { stroke: "#ffd23f", dash: [2, 3] },
  { stroke: "#ff8fc0", dash: [10, 3, 2, 3] },
  { stroke: "#cba0ff", dash: [5, 5] },
] as const;
const HEIGHT = 150;

/** Votes a second by edge over the last two minutes. */
export function RateChart({ rates }: { readonly rates: Rates }) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const names = Object.keys(rates.byEdge).toSorted();

  useEffect(() => {
    const { current: box } = host;
    if (!box) return;
    const made = new uPlot(optionsFor(names, box.clientWidth), [[]], box);
    chart.current = made;
    const fit = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height: HEIGHT }));
    fit.observe(box);
    return () => {
      fit.disconnect();
      made.destroy();
    };
  }, [names.join()]);

  useEffect(() => {
    chart.current?.setData([[...rates.times], ...names.map((name) => [...rates.byEdge[name]!])]);
  }, [rates, names.join()]);

  const last = (name: string) => rates.byEdge[name]?.at(-1);
  const summary = names.map((name) => `${name} ${last(name) ?? "away"}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        Votes a second
        {names.map((name, i) => (
          <span class="legend" key={name}>
            <svg width="26" height="8" aria-hidden="true">
              <line
                x1="0"
                y1="4"
                x2="26"
                y2="4"
                stroke={LINES[i % LINES.length]!.stroke}
                stroke-width="3"
                stroke-dasharray={LINES[i % LINES.length]!.dash.join(" ")}
              />
            </svg>{" "}
            {name} <b>{last(name) ?? "–"}</b>
          </span>
        ))}
      </figcaption>
      <div ref={host} role="img" aria-label={`Votes a second by edge: ${summary}`} />
    </figure>
  );
}

function optionsFor(names: readonly string[], width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: "#9aa7b8",
    font: "12px system-ui",
    grid: { stroke: "#232c39", width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_chart, _first, last) => [last - HISTORY_S, last] },
      y: { range: (_chart, _least, most) => [0, Math.max(10, most * 1.1)] },
    },
    axes: [
      { ...axis, size: 24, space: 90, values: (_chart, times) => times.map((at) => timeText(at * 1000)) },
      { ...axis, size: 46 },
    ],
    series: [
      {},
      ...names.map((_, i) => {
        const { stroke, dash } = LINES[i % LINES.length]!;
        return { stroke, dash: [...dash], width: 2, points: { show: false } };
      }),
    ],
  };
}
