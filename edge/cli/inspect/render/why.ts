import type { BallotStory, WhyData } from "../../../../crdt/inspect/view/why.ts";
import type { Stage } from "../../../../crdt/inspect/view/why-stages.ts";
import { style } from "../../output.ts";
import { clockTime } from "./lag.ts";

export function whyText({ ballots }: WhyData): string {
  return ballots.map(storyText).join("\n\n");
}

function storyText({ show, poll, receiver, press, k, option, stages, presses }: BallotStory): string {
  const vote = k > 1 ? `, vote ${k}` : "";
  const others = presses.length > 1 ? style("dim", `; ${presses.length} ballots of this receiver in the poll`) : "";
  const head = `${style("bold", `${show}/${poll}`)}: receiver ${receiver}, press ${press}${vote}, "${option}"${others}`;
  return [head, ...stages.map(stageText)].join("\n");
}

function stageText({ name, state, text, at, afterMs }: Stage): string {
  const when = at === undefined ? "" : clockTime(at);
  const after = afterMs === undefined ? "" : afterMs === 0 ? "0 ms" : `+${Math.round(afterMs)} ms`;
  return `  ${MARKS[state]()} ${name.padEnd(13)} ${when.padEnd(12)} ${after.padStart(9)}  ${text}`;
}

const MARKS: Readonly<Record<Stage["state"], () => string>> = {
  done: () => style("green", "✓"),
  stopped: () => style("red", "✗"),
  open: () => style("yellow", "…"),
  unknown: () => style("dim", "?"),
};
