import type { Message, Report } from "../../../../crdt/inspect/report.ts";
import { style } from "../../output.ts";
import { RENDERERS } from "./renderers.ts";

/** A report for people: what somebody has to know first, then the view. */
export function reportText(report: Report): string {
  const asked = report.members.map(({ name, answered }) => (answered ? name : style("red", `${name} (silent)`)));
  return [
    style("dim", `asked "${report.by}" at ${new Date(report.at).toISOString()}; members: ${asked.join(", ")}`),
    ...report.messages.map(messageText),
    "",
    RENDERERS[report.view]?.(report) ?? JSON.stringify(report.data, undefined, 2),
  ].join("\n");
}

function messageText({ severity, text, fix }: Message): string {
  return `${mark(severity)} ${text}\n  ${style("dim", fix)}`;
}

function mark(severity: Message["severity"]): string {
  switch (severity) {
    case "error":
      return style("red", "error:");
    case "warning":
      return style("yellow", "warning:");
    case "note":
      return style("dim", "note:");
  }
}
