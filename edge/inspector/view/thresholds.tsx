import type { Report } from "../../../crdt/inspect/report.ts";
import type { CueHistory, ThresholdsData } from "../../../crdt/inspect/view/thresholds.ts";
import { Table } from "../table.tsx";
import { clock, grouped, span } from "../words.ts";

export function ThresholdsView({ report }: { readonly report: Report }) {
  const { thresholds, cues } = report.data as ThresholdsData;
  const rows = thresholds.map(({ threshold: { id, rule }, armed, disarmed, progress }) => {
    const newest = progress.toSorted((a, b) => b.at - a.at)[0];
    return {
      key: id,
      cells: [
        id,
        rule.kind,
        disarmed ? "disarmed" : armed.length > 0 ? `armed ${armed.length}` : "not armed",
        newest ? <Distance name={id} value={newest.value} target={newest.target} /> : "",
        newest ? `${newest.perSecond.toFixed(1)} a second` : "",
        newest?.remainingMs === undefined ? "" : span(newest.remainingMs),
      ],
    };
  });
  return (
    <>
      <Table
        caption="Thresholds"
        head={["threshold", "rule", "state", "distance", "speed", "crossed in"]}
        rows={rows}
      />
      <Table
        caption="Cues"
        head={["cue", "fired", "at", "seen by", "event", "on the boards", "encoder"]}
        rows={cues.map((cue) => ({ key: cue.fired.cue.id, cells: cueCells(cue) }))}
      />
    </>
  );
}

function Distance({ name, value, target }: { readonly name: string; readonly value: number; readonly target: number }) {
  return (
    <span>
      <meter min={0} max={target} value={Math.min(value, target)} aria-label={`${name}: ${value} of ${target}`} />{" "}
      {grouped(value)} of {grouped(target)}
    </span>
  );
}

function cueCells({ fired: { cue, value, by }, seen, absentAt, confirmed }: CueHistory) {
  const boards = seen.map(({ member, afterMs }) => `${member} +${Math.round(afterMs)} ms`).join(", ");
  return [
    `${cue.threshold} ${cue.epoch}`,
    clock(cue.firedAt),
    grouped(value),
    by,
    String(cue.eventId),
    absentAt.length > 0 ? <span class="state behind">{`${boards}, not at ${absentAt.join(", ")}`}</span> : boards,
    confirmed ? (
      `+${Math.round(confirmed.afterMs)} ms, told to ${confirmed.by}`
    ) : (
      <span class="state behind">not confirmed</span>
    ),
  ];
}
