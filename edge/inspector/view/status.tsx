import type { Report } from "../../../crdt/inspect/report.ts";
import type { StatusData } from "../../../crdt/inspect/view/status.ts";
import { Table } from "../table.tsx";
import { grouped, span } from "../words.ts";

const HEAD = [
  "member",
  "build",
  "boot",
  "up",
  "clock",
  "links",
  "sockets",
  "memory",
  "show",
  "polls",
  "folded",
  "recorded",
  "pruned",
];

export function StatusView({ report }: { readonly report: Report }) {
  const { members } = report.data as StatusData;
  const rows = members.flatMap(({ name, facts, boot, startedAt, now, clock, links, shows }) =>
    shows.map((show) => ({
      key: `${name} ${show.id}`,
      cells: [
        name,
        facts ? `${facts.build} ${facts.runtime}` : "",
        <code>{boot.slice(0, 8)}</code>,
        span(now - startedAt),
        clock.trusted ? `${Math.round(clock.skewMs)} ms` : <span class="state gap">untrusted</span>,
        links
          .map(({ peer, open, roundTripMs }) => (open ? `${peer} ${Math.round(roundTripMs)} ms` : `${peer} closed`))
          .join(", "),
        facts?.receivers === undefined ? "" : `${facts.receivers} + ${facts.readers}`,
        mebibytes(facts?.memoryBytes),
        show.ready ? show.id : `${show.id} (catching up)`,
        show.polls.map(({ id, state }) => `${id} ${state}`).join(", "),
        ...[show.folded, show.recorded, show.pruned].map(grouped),
      ],
    })),
  );
  return <Table caption="Members" head={HEAD} rows={rows} />;
}

/** Not every platform tells how much memory a member takes. */
function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "" : `${Math.round(bytes / 2 ** 20)} MiB`;
}
