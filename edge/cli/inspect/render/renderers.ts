import type { Report } from "../../../../crdt/inspect/report.ts";
import type { LagData } from "../../../../crdt/inspect/view/lag.ts";
import type { StatusData } from "../../../../crdt/inspect/view/status.ts";
import { lagText } from "./lag.ts";
import { statusText } from "./status.ts";

/** How each view is written for people; the edge that made the report says which view it is. */
export const RENDERERS: Readonly<Record<string, (report: Report) => string>> = {
  status: ({ data }) => statusText(data as StatusData),
  lag: ({ data, at }) => lagText(data as LagData, at),
};
