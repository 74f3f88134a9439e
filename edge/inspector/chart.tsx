import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { grouped } from "./words.ts";

export interface Curve {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Seconds since 1970. */
  readonly times: readonly number[];
}

/** A line a member: colour and dashes, so that it is told without the colour too. */
const LINES = [
  { stroke: "#6cb2ff", dash: [] },
  { stroke: "#3ddc84", dash: [8, 4] },
  { stroke: "#ffd23f", dash: [2, 3] },
  { stroke: "#ff8fc0", dash: [10, 3, 2, 3] },
  { stroke: "#cba0ff", dash: [5, 5] },
] as const;
const HEIGHT = 140;

export function Chart({ title, curves, times }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const names = curves.map(({ name }) => name).join();

  useEffect(() => {
    const { current: box } = host;
    if (!box) return;
    const made = new uPlot(optionsFor(curves, box.clientWidth), [[]], box);
    chart.current = made;
    const fit = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height: HEIGHT }));
    fit.observe(box);
    return () => {
      fit.disconnect();
      made.destroy();
    };
  }, [names]);

  useEffect(() => {
    chart.current?.setData([[...times], ...curves.map(({ values }) => [...values])]);
  }, [times.at(-1), names]);

  const last = ({ values }: Curve) => values.at(-1) ?? 0;
  return (
    <figure class="chart">
      <figcaption>
        {title}
        {curves.map((curve, i) => (
          <span class="legend" key={curve.name}>
            <svg width="26" height="8" aria-hidden="true">
              <line
                x1="0"
                y1="4"
                x2="26"
                y2="4"
                stroke={lineOf(i).stroke}
                stroke-width="3"
                stroke-dasharray={lineOf(i).dash.join(" ")}
              />
            </svg>{" "}
            {curve.name} <b>{grouped(last(curve))}</b>
          </span>
        ))}
      </figcaption>
      <div
        ref={host}
        role="img"
        aria-label={`${title}: ${curves.map((curve) => `${curve.name} ${last(curve)}`).join(", ")}`}
      />
    </figure>
  );
}

function lineOf(i: number) {
  return LINES[i % LINES.length]!;
}

function optionsFor(curves: readonly Curve[], width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: "#a9b4c3",
    font: "12px system-ui",
    grid: { stroke: "#232c39", width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_chart, least, most) => [Math.min(0, least), Math.max(1, most * 1.05)] } },
    axes: [axis, { ...axis, size: 80, values: (_chart, splits) => splits.map(grouped) }],
    series: [
      {},
      ...curves.map(({ name }, i) => ({
        label: name,
        stroke: lineOf(i).stroke,
        width: 2,
        dash: [...lineOf(i).dash],
        points: { show: false },
      })),
    ],
  };
}
