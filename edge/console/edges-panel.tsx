import { bodyOf } from "../client/client.ts";
import type { Desk } from "./desk.ts";
import { HoldButton } from "./hold-button.tsx";
import { lagText } from "./numbers.ts";
import type { ShowPicture } from "./picture-of-show.ts";

/** Every edge of the roster: whether it answers, what it takes, how far it is behind. One that is gone can be named lost. */
export function EdgesPanel({ desk, picture }: { readonly desk: Desk; readonly picture: ShowPicture }) {
  return (
    <section class="panel edges" aria-labelledby="edges-title">
      <h2 id="edges-title">Edges</h2>
      <ul>
        {picture.roster
          .toSorted((a, b) => (a.edge < b.edge ? -1 : 1))
          .map((entry) => (
            <EdgeRow key={`${entry.edge}/${entry.boot}`} desk={desk} show={picture.show.id} entry={entry} />
          ))}
      </ul>
    </section>
  );
}

interface EdgeRowProps {
  readonly desk: Desk;
  readonly show: string;
  readonly entry: ShowPicture["roster"][number];
}

function EdgeRow({ desk, show, entry }: EdgeRowProps) {
  const { edge, boot, lost, state, region } = entry;
  const known = desk.health.value;
  const isOver = lost || state === "drained";
  // A later boot answers under the name of one that is over.
  const health = isOver ? undefined : known.get(edge);
  const isAway = known.size > 0 && !isOver && (health === undefined || health.boot !== boot);
  const lag = Math.max(0, ...Object.values(health?.shows.find(({ id }) => id === show)?.lag_ms ?? {}));
  const condition = lost ? "lost" : isAway ? "away" : health?.ready === false ? "not ready" : state;
  return (
    <li class={condition.replace(" ", "-")}>
      <span class="dot" aria-hidden="true">
        {lost ? "✕" : isAway ? "▲" : isOver ? "○" : "●"}
      </span>
      <span class="name">
        {edge} <small>{region}</small>
      </span>
      <span class="figures">
        {condition}
        {!isAway && health && ` · ${health.load.ballots_per_s} /s · lag ${lagText(lag)}`}
      </span>
      {isAway && (
        <HoldButton
          class="small danger"
          disabled={!desk.may("producer")}
          why="This takes the role producer"
          onconfirm={() =>
            void desk.act(`${edge} is named lost: results no longer wait for it`, (client) =>
              bodyOf(client.v1.shows[":show"].lost.$post({ param: { show }, json: { edge, boot } })),
            )
          }
        >
          Name lost
        </HoldButton>
      )}
      {health?.alarms.map((alarm) => (
        <span class="alarm" key={alarm} role="alert">
          {alarm}
        </span>
      ))}
    </li>
  );
}
