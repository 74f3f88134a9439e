import { useSignal } from "@preact/signals";
import type { Poll } from "../../crdt/show.ts";
import { bodyOf } from "../client/client.ts";
import type { Desk } from "./desk.ts";
import { namesOption, thresholdDraft, WAITS, type Wait } from "./threshold-form.ts";

/** What each wait is called, and the text that is proposed for its cue. */
const NAMES: Readonly<Record<Wait, { readonly name: string; readonly text: string }>> = {
  "voted-poll": { name: "So many have voted in this poll", text: "{count} viewers have voted" },
  "voted-show": { name: "So many have voted in the show", text: "{count} viewers have voted" },
  present: { name: "So many receivers are present", text: "{count} viewers are with us" },
  votes: { name: "An option has so many votes", text: "{count} votes" },
  share: { name: "An option has a share of the votes", text: "{count} percent" },
};

interface DefineProps {
  readonly desk: Desk;
  readonly show: string;
  readonly poll: Poll;
}

/** A threshold for the poll at hand, or for its show. */
export function DefineThreshold({ desk, show, poll }: DefineProps) {
  const wait = useSignal<Wait>("voted-poll");
  const define = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { id, json } = thresholdDraft(wait.value, poll, new FormData(form));
    const param = { show, threshold: id };
    const isDefined = await desk.act("The threshold is defined: arm it", (client) =>
      bodyOf(client.v1.shows[":show"].thresholds[":threshold"].$put({ param, json })),
    );
    if (isDefined) form.reset();
  };
  return (
    <form class="publish" onSubmit={(event) => void define(event)}>
      <h3>Put a cue into the picture</h3>
      <label class="field">
        When
        <select value={wait.value} onChange={(event) => (wait.value = event.currentTarget.value as Wait)}>
          {WAITS.map((each) => (
            <option key={each} value={each}>
              {NAMES[each].name}
            </option>
          ))}
        </select>
        {wait.value !== "present" && wait.value !== "voted-show" && <small>in “{poll.question}”</small>}
      </label>
      {namesOption(wait.value) && <OptionField poll={poll} />}
      {wait.value === "share" ? <ShareFields /> : <StepFields />}
      <label class="field">
        Text, where {"{count}"} stands for the count
        {/* Of another wait another text is proposed. */}
        <input
          key={wait.value}
          name="text"
          required
          maxLength={300}
          defaultValue={NAMES[wait.value].text}
          autocomplete="off"
        />
      </label>
      <button type="submit" class="primary">
        Define
      </button>
    </form>
  );
}

function OptionField({ poll }: { readonly poll: Poll }) {
  return (
    <label class="field">
      Option
      <select name="option">
        {poll.options.map(({ id, text }) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function StepFields() {
  return (
    <div class="pair">
      <label class="field">
        At
        <input name="count" type="number" min="1" defaultValue="10000" required />
      </label>
      <label class="field">
        and at each further
        <input name="every" type="number" min="1" defaultValue="10000" placeholder="once" />
      </label>
    </div>
  );
}

function ShareFields() {
  return (
    <div class="pair">
      <label class="field">
        Percent
        <input name="percent" type="number" min="0.1" max="100" step="0.1" defaultValue="50" required />
      </label>
      <label class="field">
        of so many votes or more
        <input name="sample" type="number" min="1" defaultValue="1000" required />
      </label>
    </div>
  );
}
