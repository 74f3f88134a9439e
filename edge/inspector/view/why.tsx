import type { Report } from "../../../crdt/inspect/report.ts";
import type { BallotStory, WhyData } from "../../../crdt/inspect/view/why.ts";
import type { Stage } from "../../../crdt/inspect/view/why-stages.ts";
import { Table } from "../table.tsx";
import { clock } from "../words.ts";

export function WhyView({ report }: { readonly report: Report }) {
  const { ballots } = report.data as WhyData;
  return (
    <>
      {ballots.map((story) => (
        <Story key={`${story.show} ${story.poll} ${story.receiver}`} story={story} />
      ))}
    </>
  );
}

function Story({
  story: { show, poll, receiver, press, k, option, stages, presses },
}: {
  readonly story: BallotStory;
}) {
  const rows = presses.map((each) => ({
    key: `${each.chain}/${each.sequence}/${each.press}/${each.k}`,
    cells: [
      clock(each.time),
      each.edge,
      String(each.press),
      String(each.k),
      String(each.option),
      `${each.chain} ${each.sequence}`,
    ],
  }));
  return (
    <section aria-label="The ballot's way">
      <p>
        {show}/{poll}: receiver <code>{receiver}</code>, press {press}
        {k > 1 ? `, vote ${k}` : ""}, “{option}”
      </p>
      <ol class="way">
        {stages.map((stage) => (
          <Step key={`${stage.name} ${stage.text}`} stage={stage} />
        ))}
      </ol>
      <Table
        caption="All that this receiver pressed in the poll"
        head={["time", "edge", "press", "k", "option", "batch"]}
        rows={rows}
      />
    </section>
  );
}

function Step({ stage: { name, state, text, at, afterMs } }: { readonly stage: Stage }) {
  return (
    <li class={state}>
      <b>{name}</b> <span class="step-state">{state}</span> <time>{at === undefined ? "" : clock(at)}</time>{" "}
      <span class="number">{afterMs === undefined ? "" : afterMs === 0 ? "0 ms" : `+${Math.round(afterMs)} ms`}</span>{" "}
      <span>{text}</span>
    </li>
  );
}
