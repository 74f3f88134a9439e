import type { ComponentType } from "preact";
import type { Report } from "../../crdt/inspect/report.ts";
import type { Params } from "./ask.ts";
import { DiffControls, DocControls, LogControls, WhyControls, type ControlsProps } from "./controls.tsx";
import { DiffView } from "./view/diff.tsx";
import { DocView } from "./view/doc.tsx";
import { GrowthView } from "./view/growth.tsx";
import { LagView } from "./view/lag.tsx";
import { LogView } from "./view/log.tsx";
import { StatusView } from "./view/status.tsx";
import { StructsView } from "./view/structs.tsx";
import { ThresholdsView } from "./view/thresholds.tsx";
import { WhyView } from "./view/why.tsx";

/** One view on the page. */
export interface Panel {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** As the API calls it. */
  readonly view: string;
  readonly params: Params;
  /** Parameters without which there is nothing to ask. */
  readonly needs: readonly string[];
  /** How long after an answer it is asked for again, ms; 0: it is not. */
  readonly everyMs: number;
  readonly Controls?: ComponentType<ControlsProps>;
  readonly View: ComponentType<{ readonly report: Report }>;
}

export const PANELS: readonly Panel[] = [
  panel("lag", "Lag", "Who lacks what, since when: rows lack, columns hold.", 1000, LagView),
  panel("status", "Status", "Every replica, its log and its links.", 2000, StatusView),
  panel("doc", "Document", "What stands in a document, of whom, since when.", 2000, DocView, { Controls: DocControls }),
  panel("diff", "Difference", "One document at two members.", 2000, DiffView, {
    Controls: DiffControls,
    needs: ["a", "b"],
  }),
  panel("log", "Log", "Batches and updates, when they came where.", 1000, LogView, {
    Controls: LogControls,
    params: { rows: "40" },
  }),
  panel("structs", "Structs", "What documents are made of.", 5000, StructsView),
  panel("growth", "Growth", "Bytes, structs and ballots while you look.", 2000, GrowthView),
  panel("thresholds", "Thresholds", "How far they are, and each cue up to the encoder.", 1000, ThresholdsView),
  panel("why", "Why", "One ballot, by its receipt, from the press to the frame.", 0, WhyView, {
    Controls: WhyControls,
    needs: ["receipt"],
  }),
];

function panel(
  name: string,
  title: string,
  summary: string,
  everyMs: number,
  View: Panel["View"],
  more: Partial<Pick<Panel, "Controls" | "needs" | "params">> = {},
): Panel {
  return { name, title, summary, view: name, params: {}, needs: [], everyMs, View, ...more };
}
