import { useSignal } from "@preact/signals";
import { bodyOf, type EdgeClient } from "../client/client.ts";
import type { Desk } from "./desk.ts";
import { HoldButton } from "./hold-button.tsx";
import { nextStep, type NextStep } from "./next-step.ts";
import { clockText, grouped, lagText, percent, timeText } from "./numbers.ts";
import type { PollPicture, ShowPicture } from "./picture-of-show.ts";
import { RateChart } from "./rate-chart.tsx";

/** How long a poll may be told to stay open, s; 0: until it is closed by hand. */
const DURATIONS_S = [0, 15, 30, 60, 90, 120, 300, 600] as const;
/** A colour and a shape an option: the ones that receivers and graphics show. */
const COLOURS = ["#3ddc84", "#ffd23f", "#6cb2ff", "#ff9f5a", "#cba0ff", "#ff8fc0", "#4be0e0", "#c4ec8a"] as const;
const SHAPES = ["circle", "square", "leaf", "arch"] as const;

/** The poll that the show is about now, and the one big button. */
export function PollDesk({ desk, picture }: { readonly desk: Desk; readonly picture: ShowPicture }) {
  const current = desk.poll.value;
  if (!current) return <h1 class="no-polls">This show has no polls</h1>;
  return (
    <section class="desk" aria-labelledby="question">
      <div class="title">
        <p class={`state ${current.state}`}>
          {current.isFinal && current.released ? "released" : current.state}
          <span>{rulesOf(current)}</span>
        </p>
        <h1 id="question">{current.poll.question}</h1>
      </div>
      <Controls desk={desk} show={picture.show.id} current={current} />
      <Counts current={current} />
      <RateChart rates={desk.rates.value} />
      <Margin desk={desk} show={picture.show.id} current={current} />
    </section>
  );
}

function rulesOf({ poll }: PollPicture): string {
  const counts = {
    last: "the last choice counts",
    first: "the first choice counts",
    votes: `${poll.votes} votes each`,
  }[poll.mode];
  const quiz = poll.answer === undefined ? "" : " · quiz";
  return `${counts} · results ${poll.results === "live" ? "live" : "hidden until released"}${quiz}`;
}

function Controls({
  desk,
  show,
  current,
}: {
  readonly desk: Desk;
  readonly show: string;
  readonly current: PollPicture;
}) {
  const duration = useSignal(0);
  const step = nextStep(current);
  const act = () => void takeStep(desk, show, current, step, duration.value);
  const may = desk.may("operator");
  return (
    <div class="controls">
      <HoldButton
        id="next-step"
        class={`big ${step.is}`}
        disabled={!may || step.is === "wait" || step.is === "over"}
        why={may ? `The poll is ${current.state}` : "This takes the role operator"}
        onconfirm={act}
      >
        {step.label}
      </HoldButton>
      <div class="beside">
        <Clock desk={desk} current={current} />
        {step.is === "open" && (
          <label class="field">
            Open for
            <select
              id="duration"
              value={duration.value}
              onChange={(event) => (duration.value = Number(event.currentTarget.value))}
            >
              {DURATIONS_S.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {seconds === 0 ? "until it is closed" : clockText(seconds * 1000)}
                </option>
              ))}
            </select>
          </label>
        )}
        {(step.is === "wait" || current.isFinal) && <Progress desk={desk} current={current} />}
      </div>
    </div>
  );
}

function Clock({ desk, current }: { readonly desk: Desk; readonly current: PollPicture }) {
  const { value: now } = desk.now;
  const { state, closesAt, opensAt, schedule } = current;
  if (schedule && schedule.opensAt > now && (state === "draft" || state === "armed"))
    return <p class="countdown">opens by itself in {clockText(schedule.opensAt - now)}</p>;
  if (state === "open" && closesAt !== undefined)
    return (
      <p class="countdown" role="timer">
        <b>{clockText(closesAt - now)}</b> left
      </p>
    );
  if (state === "open" && opensAt !== undefined) return <p class="countdown">open for {clockText(now - opensAt)}</p>;
  return null;
}

/** Before a result is declared: how many edges have sealed, and how far behind the slowest is. */
function Progress({ desk, current }: { readonly desk: Desk; readonly current: PollPicture }) {
  if (current.isFinal)
    return (
      <p class="seals done">
        Final{current.lost.length > 0 ? ` without ${current.lost.map((boot) => boot.split("/")[0]).join(", ")}` : ""}
      </p>
    );
  if (current.state === "closing") return <p class="seals">Votes under way still count</p>;
  const { sealed, of, missing } = desk.seals.value;
  return (
    <p class="seals" role="status">
      <b>
        sealed {sealed} of {of}
      </b>
      , lag {lagText(desk.lagMs.value)}
      {missing.length > 0 && <span class="missing"> waiting for {missing.join(", ")}</span>}
    </p>
  );
}

async function takeStep(
  desk: Desk,
  show: string,
  { poll }: PollPicture,
  step: NextStep,
  seconds: number,
): Promise<void> {
  const param = { show, poll: poll.id };
  const commands = (client: EdgeClient) => client.v1.shows[":show"].polls[":poll"];
  switch (step.is) {
    case "open":
      await desk.act(`Opened "${poll.question}"`, async (client) => {
        if (step.needsArming) await bodyOf(commands(client).arm.$post({ param }));
        await bodyOf(commands(client).open.$post({ param, json: seconds > 0 ? { duration_ms: seconds * 1000 } : {} }));
      });
      return;
    case "close":
      await desk.act(`Closed "${poll.question}"`, (client) => bodyOf(commands(client).close.$post({ param })));
      return;
    case "release":
      await desk.act(`Released the result of "${poll.question}"`, (client) =>
        bodyOf(commands(client).release.$post({ param })),
      );
      return;
    case "wait":
    case "over":
      return;
  }
}

function Counts({ current }: { readonly current: PollPicture }) {
  const { poll, counts, total, isFinal } = current;
  const most = Math.max(...counts);
  return (
    <div class="counts">
      <p class="total">
        <b>{grouped(total)}</b> {poll.mode === "votes" ? "votes" : "receivers"}{" "}
        <small>{isFinal ? "final" : "so far"}</small>
      </p>
      <ol>
        {poll.options.map((option, i) => {
          const count = counts[i]!;
          return (
            <li key={option.id} class={isFinal && count === most && most > 0 ? "first" : ""}>
              <span class={`letter ${SHAPES[i % SHAPES.length]}`} style={{ background: COLOURS[i % COLOURS.length]! }}>
                {String.fromCharCode(65 + (i % 26))}
              </span>
              <span class="name">
                {option.text}
                {poll.answer === option.id && <small> ✓ right answer</small>}
              </span>
              <span class="share">{percent(count, total)}</span>
              <span class="count">{grouped(count)}</span>
              <span class="track" aria-hidden="true">
                <span
                  class="bar"
                  style={{
                    background: COLOURS[i % COLOURS.length]!,
                    transform: `scaleX(${total > 0 ? count / total : 0})`,
                  }}
                />
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

/** What is seldom done: timing by hand, calling off. */
function Margin({
  desk,
  show,
  current,
}: {
  readonly desk: Desk;
  readonly show: string;
  readonly current: PollPicture;
}) {
  const { poll, state, schedule } = current;
  const param = { show, poll: poll.id };
  const opensLater = state === "draft" || state === "armed";
  const routes = (client: EdgeClient) => client.v1.shows[":show"].polls[":poll"];
  const plan = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const opensAt = Math.round(desk.now.value + Number(form.get("in")) * 1000);
    const openMs = Number(form.get("for")) * 1000;
    void desk.act(`"${poll.question}" opens at ${timeText(opensAt)}`, (client) =>
      bodyOf(
        routes(client).schedule.$put({
          param,
          json: { opens_at: opensAt, ...(openMs > 0 ? { open_for_ms: openMs } : {}) },
        }),
      ),
    );
  };
  return (
    <div class="margin">
      {opensLater && desk.may("operator") && (
        <form class="plan" onSubmit={plan}>
          <label class="field">
            Opens by itself in <input name="in" type="number" min="1" max="86400" defaultValue="60" required /> s
          </label>
          <label class="field">
            for <input name="for" type="number" min="0" max="86400" defaultValue="60" required /> s
          </label>
          <button type="submit" class="quiet">
            {schedule ? "Change" : "Schedule"}
          </button>
          {schedule && (
            <button
              type="button"
              class="quiet"
              onClick={() =>
                void desk.act("Taken back: it opens by hand", (client) =>
                  bodyOf(routes(client).schedule.$delete({ param })),
                )
              }
            >
              Take back
            </button>
          )}
        </form>
      )}
      {state !== "void" && (
        <HoldButton
          class="small danger"
          disabled={!desk.may("producer")}
          why="This takes the role producer"
          onconfirm={() =>
            void desk.act(`"${poll.question}" is void: it counts for nothing`, (client) =>
              bodyOf(routes(client).void.$post({ param })),
            )
          }
        >
          Void this poll
        </HoldButton>
      )}
    </div>
  );
}
