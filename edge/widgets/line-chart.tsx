import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Curve {
  readonly name: string;
  /** A value a time; null where there was none. */
  readonly values: readonly (number | null)[];
}

interface LineChartProps {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Seconds since 1970, one a value. */
  readonly times: readonly number[];
  readonly scales: uPlot.Scales;
  /** A value as the axis and the legend name it. */
  readonly valueText: (value: number) => string;
  /** The axis of values must hold the longest of them, px. */
  readonly valueSize: number;
}

/** Colour and dashes, so that a curve is told without the colour too. */
const LINES = [
  { stroke: "#6cb2ff", dash: [] },
  { stroke: "#3ddc84", dash: [8, 4] },
  { stroke: "#ffd23f", dash: [2, 3] },
  { stroke: "#ff8fc0", dash: [10, 3, 2, 3] },
  { stroke: "#cba0ff", dash: [5, 5] },
] as const;
const HEIGHT = 150;
const NO_VALUE = "–";

/** Curves over time, with their last values in words for whoever cannot see them. */
export function LineChart(props: LineChartProps) {
  const { title, curves, times, valueText } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const names = curves.map(({ name }) => name).join();

  useEffect(() => {
    const { current: box } = host;
    if (!box) return;
    const made = new uPlot(optionsFor(props, box.clientWidth), [[]], box);
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

  const lastOf = ({ values }: Curve) => {
    const last = values.at(-1) ?? null;
    return last === null ? NO_VALUE : valueText(last);
  };
  const inWords = curves.map((curve) => `${curve.name} ${lastOf(curve)}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        {title}
        {curves.map((curve, i) => (
          <span class="legend" key={curve.name}>
            <Sample line={lineOf(i)} /> {curve.name} <b>{lastOf(curve)}</b>
          </span>
        ))}
      </figcaption>
      <div ref={host} role="img" aria-label={`${title}: ${inWords}`} />
    </figure>
  );
}

type Line = (typeof LINES)[number];

function lineOf(i: number): Line {
  return LINES[i % LINES.length]!;
}

function Sample({ line: { stroke, dash } }: { readonly line: Line }) {
  return (
    <svg width="26" height="8" aria-hidden="true">
      <line x1="0" y1="4" x2="26" y2="4" stroke={stroke} stroke-width="3" stroke-dasharray={dash.join(" ")} />
    </svg>
  );
}

function optionsFor({ curves, scales, valueText, valueSize }: LineChartProps, width: number): uPlot.Options {
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
    scales,
    axes: [
      { ...axis, size: 24, space: 90, values: (_chart, times) => times.map(timeText) },
      { ...axis, size: valueSize, values: (_chart, values) => values.map(valueText) },
    ],
    series: [
      {},
      ...curves.map((_, i) => {
        const { stroke, dash } = lineOf(i);
        return { stroke, dash: [...dash], width: 2, points: { show: false } };
      }),
    ],
  };
}

/** The time of day, with seconds. */
function timeText(at: number): string {
  return new Date(at * 1000).toLocaleTimeString("en-GB");
}
