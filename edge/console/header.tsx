import { bodyOf } from "../client/client.ts";
import type { ShowFile } from "../show-file.ts";
import type { InferInput } from "valibot";
import type { Desk } from "./desk.ts";
import { HoldButton } from "./hold-button.tsx";
import { timeText } from "./numbers.ts";
import { leave } from "./kept-pass.ts";
import { rehearsalOf } from "./rehearsal.ts";

export function Header({ desk }: { readonly desk: Desk }) {
  const { pass } = desk;
  const picture = desk.picture.value;
  const onAir = picture?.polls.some(({ state }) => state === "open" || state === "closing");
  return (
    <header>
      <span class="brand">
        <span class="red" aria-hidden="true" /> Redbutton
      </span>
      <ShowPicker desk={desk} />
      {picture?.show.rehearsal && <strong class="badge trial">Rehearsal: nothing here counts</strong>}
      {onAir && <strong class="badge air">{picture?.show.rehearsal ? "Vote open" : "On air"}</strong>}
      <span class="spread" />
      <span class={desk.isConnected.value ? "link" : "link away"} role="status">
        {desk.isConnected.value ? `at ${edgeName(desk)}` : "no connection to an edge"}
      </span>
      <time class="clock">{timeText(desk.now.value)}</time>
      <span class="who">
        {pass.name} <small>{pass.role}</small>
      </span>
      <button type="button" class="quiet" onClick={leave}>
        Leave
      </button>
      <HoldButton
        id="stop"
        class="stop"
        disabled={!desk.may("operator") || !picture}
        why="This takes the role operator"
        onconfirm={() => void stop(desk)}
      >
        Emergency stop
      </HoldButton>
    </header>
  );
}

function edgeName(desk: Desk): string {
  const { value: address } = desk.address;
  return desk.picture.value?.roster.find((entry) => entry.address === address)?.edge ?? new URL(address).host;
}

async function stop(desk: Desk): Promise<void> {
  const { value: show } = desk.show;
  if (show === undefined) return;
  await desk.act("Emergency stop: all is closed, unscheduled and off the screens; no threshold fires", (client) =>
    bodyOf(client.v1.shows[":show"].stop.$post({ param: { show } })),
  );
}

function ShowPicker({ desk }: { readonly desk: Desk }) {
  const { value: shows } = desk.shows;
  return (
    <span class="picker">
      <select
        aria-label="Show"
        value={desk.show.value}
        onChange={(event) => (desk.show.value = event.currentTarget.value)}
        disabled={shows.length === 0}
      >
        {shows.length === 0 && <option>no show</option>}
        {shows.map((id) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
      {desk.may("producer") && (
        <>
          <button type="button" class="quiet" disabled={!desk.picture.value} onClick={() => void rehearse(desk)}>
            Rehearse
          </button>
          <label class="quiet file">
            New show
            <input
              type="file"
              accept=".json,application/json"
              onChange={(event) => void create(desk, event.currentTarget)}
            />
          </label>
        </>
      )}
    </span>
  );
}

async function rehearse(desk: Desk): Promise<void> {
  const { value: picture } = desk.picture;
  if (!picture) return;
  const file = rehearsalOf(picture, desk.shows.value);
  await createShow(desk, file, `Rehearsal "${file.id}": a show of its own, whose ballots mix with no other's`);
}

async function create(desk: Desk, input: HTMLInputElement): Promise<void> {
  const [file] = input.files ?? [];
  if (!file) return;
  try {
    // The edge checks it, and says what is wrong.
    const json = JSON.parse(await file.text()) as InferInput<typeof ShowFile>;
    await createShow(desk, json, `Show "${json.id}" is created`);
  } catch (error) {
    desk.say("fault", `Reading "${file.name}": ${String(error)}`);
  }
  input.value = "";
}

async function createShow(desk: Desk, file: InferInput<typeof ShowFile>, what: string): Promise<void> {
  const isCreated = await desk.act(what, (client) => bodyOf(client.v1.shows.$post({ json: file })));
  if (!isCreated) return;
  desk.shows.value = [...desk.shows.value, file.id];
  desk.show.value = file.id;
}
