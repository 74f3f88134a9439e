import { useSignal } from "@preact/signals";
import { bodyOf } from "../client/client.ts";
import type { Desk } from "./desk.ts";
import { typed } from "./form.ts";
import { slugOf, timeText } from "./numbers.ts";
import type { PanelProps } from "./side-tabs.tsx";

const KINDS = [
  { kind: "lower-third", name: "Lower third", hint: "over everyone's picture" },
  { kind: "page", name: "Page", hint: "for whoever has the application open" },
  { kind: "picture", name: "Picture", hint: "PNG, JPEG or WebP, at most 256 KiB" },
] as const;
type Kind = (typeof KINDS)[number]["kind"];

/** What is on the viewers' screens beside the polls. */
export function ContentPanel({ desk, picture }: PanelProps) {
  const { id: show } = picture.show;
  const withdraw = (id: string) =>
    void desk.act(`"${id}" is off the screens`, (client) =>
      bodyOf(client.v1.shows[":show"].content[":id"].$delete({ param: { show, id } })),
    );
  return (
    <>
      {picture.content.length === 0 && <p class="none">Nothing is on the screens beside the polls.</p>}
      <ul class="items">
        {picture.content.map(({ id, kind, title, at }) => (
          <li key={id}>
            <span class="name">
              {title}
              <small>
                {KINDS.find((each) => each.kind === kind)?.name} since {timeText(at)}
              </small>
            </span>
            {desk.may("operator") && (
              <button type="button" class="quiet" aria-label={`Take off: ${title}`} onClick={() => withdraw(id)}>
                Take off
              </button>
            )}
          </li>
        ))}
      </ul>
      {desk.may("operator") && <Publish desk={desk} show={show} />}
    </>
  );
}

function Publish({ desk, show }: { readonly desk: Desk; readonly show: string }) {
  const kind = useSignal<Kind>("lower-third");
  const publish = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    if (await send(desk, show, kind.value, new FormData(form))) form.reset();
  };
  const { hint } = KINDS.find((each) => each.kind === kind.value)!;
  return (
    <form class="publish" onSubmit={(event) => void publish(event)}>
      <h3>Put on the screens</h3>
      <label class="field">
        What
        <select value={kind.value} onChange={(event) => (kind.value = event.currentTarget.value as Kind)}>
          {KINDS.map((each) => (
            <option key={each.kind} value={each.kind}>
              {each.name}
            </option>
          ))}
        </select>
        <small>{hint}</small>
      </label>
      <label class="field">
        Title
        <input name="title" required maxLength={300} autocomplete="off" />
      </label>
      {kind.value === "picture" && (
        <label class="field">
          File
          <input name="file" type="file" accept="image/png,image/jpeg,image/webp" required />
        </label>
      )}
      <label class="field">
        {kind.value === "picture" ? "What it shows, for those who do not see it" : "Text"}
        {kind.value === "page" ? (
          <textarea name="text" rows={5} maxLength={8000} />
        ) : (
          <input name="text" maxLength={300} required={kind.value === "picture"} autocomplete="off" />
        )}
      </label>
      <button type="submit" class="primary">
        Put on the screens
      </button>
    </form>
  );
}

function send(desk: Desk, show: string, kind: Kind, form: FormData): Promise<boolean> {
  const title = typed(form, "title");
  const text = typed(form, "text");
  const file = form.get("file");
  const param = { show, id: slugOf(title) };
  return desk.act(`"${title}" is on the screens`, (client) => {
    const item = client.v1.shows[":show"].content[":id"];
    if (kind !== "picture") return bodyOf(item.$put({ param, json: { kind, title, text } }));
    if (!(file instanceof File)) throw new Error("no file was chosen");
    const init = { body: file, headers: { ...authorization(desk), "Content-Type": file.type } };
    return bodyOf(item.picture.$put({ param, query: { title, text } }, { init }));
  });
}

/** `init` replaces the client's own headers. */
function authorization(desk: Desk): Record<string, string> {
  return { Authorization: `Bearer ${desk.pass.token}` };
}
