import { bodyOf } from "../client/client.ts";
import type { Desk } from "./desk.ts";
import { HoldButton } from "./hold-button.tsx";
import { clockText, grouped, timeText } from "./numbers.ts";
import type { PollPicture, ShowPicture } from "./picture-of-show.ts";

/** A mark a state, so that it is told without its colour. */
const MARKS = { draft: "○", armed: "◔", open: "●", closing: "◑", closed: "■", final: "✓", void: "✕" } as const;

/** The show's polls in their order, each with its state and its times. */
export function RunningOrder({ desk, picture }: { readonly desk: Desk; readonly picture: ShowPicture }) {
  const current = desk.poll.value?.poll.id;
  return (
    <nav aria-label="Polls">
      <h2>{picture.show.title}</h2>
      <p class="present">
        <b>{grouped(picture.present)}</b> receivers present
      </p>
      <ol>
        {picture.polls.map((each) => (
          <li key={each.poll.id}>
            <button
              type="button"
              class={`poll ${each.state}`}
              aria-current={each.poll.id === current ? "true" : undefined}
              onClick={() => (desk.chosen.value = each.poll.id)}
            >
              <span class="mark" aria-hidden="true">
                {MARKS[each.state]}
              </span>
              <span class="name">{each.poll.question}</span>
              <span class="state">
                {each.isFinal && each.released ? "released" : each.state}
                <small>{timesOf(each, desk.now.value)}</small>
              </span>
            </button>
          </li>
        ))}
      </ol>
      {picture.show.rundown && <Rundown desk={desk} picture={picture} />}
    </nav>
  );
}

function timesOf({ state, closesAt, schedule, total }: PollPicture, now: number): string {
  if (state === "open" && closesAt !== undefined) return `${clockText(closesAt - now)} left`;
  if (schedule && schedule.opensAt > now) return `opens in ${clockText(schedule.opensAt - now)}`;
  return total > 0 ? `${grouped(total)} votes` : "";
}

function Rundown({ desk, picture }: { readonly desk: Desk; readonly picture: ShowPicture }) {
  const planned = picture.polls.filter(({ schedule }) => schedule);
  const first = Math.min(...planned.map(({ schedule }) => schedule!.opensAt));
  const start = () =>
    desk.act("The rundown runs: its polls open and close by themselves", (client) =>
      bodyOf(client.v1.shows[":show"].rundown.$post({ param: { show: picture.show.id }, json: {} })),
    );
  return (
    <section class="rundown">
      <h3>Rundown</h3>
      <ul>
        {picture.show.rundown!.map(({ poll, afterMs, openMs }) => (
          <li key={poll}>
            <b>+{clockText(afterMs)}</b> {poll} {openMs === undefined ? "" : `for ${clockText(openMs)}`}
          </li>
        ))}
      </ul>
      {planned.length > 0 && <p>Running. The next poll opens at {timeText(first)}.</p>}
      <HoldButton
        class="small"
        disabled={!desk.may("operator")}
        why="This takes the role operator"
        onconfirm={() => void start()}
      >
        {planned.length > 0 ? "Start again from now" : "Start the rundown"}
      </HoldButton>
    </section>
  );
}
