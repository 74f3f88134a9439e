import type { Report } from "../../../../crdt/inspect/report.ts";
import type { DiffData } from "../../../../crdt/inspect/view/diff.ts";
import type { DocData } from "../../../../crdt/inspect/view/doc.ts";
import type { GrowthData } from "../../../../crdt/inspect/view/growth.ts";
import type { LagData } from "../../../../crdt/inspect/view/lag.ts";
import type { LogData } from "../../../../crdt/inspect/view/log.ts";
import type { StatusData } from "../../../../crdt/inspect/view/status.ts";
import type { StructsData } from "../../../../crdt/inspect/view/structs.ts";
import type { ThresholdsData } from "../../../../crdt/inspect/view/thresholds.ts";
import type { WhyData } from "../../../../crdt/inspect/view/why.ts";
import { diffText } from "./diff.ts";
import { docText } from "./doc.ts";
import { lagText } from "./lag.ts";
import { logText } from "./log.ts";
import { statusText } from "./status.ts";
import { growthText, structsText } from "./structs.ts";
import { thresholdsText } from "./thresholds.ts";
import { whyText } from "./why.ts";

/** How each view is written for people; the edge that made the report says which view it is. */
export const RENDERERS: Readonly<Record<string, (report: Report) => string>> = {
  status: ({ data }) => statusText(data as StatusData),
  lag: ({ data, at }) => lagText(data as LagData, at),
  doc: ({ data }) => docText(data as DocData),
  structs: ({ data }) => structsText(data as StructsData),
  growth: ({ data }) => growthText(data as GrowthData),
  log: ({ data }) => logText(data as LogData),
  diff: ({ data }) => diffText(data as DiffData),
  thresholds: ({ data }) => thresholdsText(data as ThresholdsData),
  why: ({ data }) => whyText(data as WhyData),
};
