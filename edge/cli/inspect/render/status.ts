import type { StatusData } from "../../../../crdt/inspect/view/status.ts";
import { duration, grouped, tableOf } from "../../output.ts";

const HEAD = [
  "member",
  "build",
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

export function statusText({ members }: StatusData): string {
  const rows = members.flatMap((member) => {
    const { name, facts, startedAt, now, clock, links, shows } = member;
    const who = [
      name,
      facts ? `${facts.build} ${facts.runtime}` : "",
      duration(now - startedAt),
      `${clock.trusted ? "" : "untrusted, "}${Math.round(clock.skewMs)} ms`,
      `${links.filter(({ open }) => open).length} of ${links.length}`,
      facts?.receivers === undefined ? "" : `${facts.receivers} + ${facts.readers}`,
      mebibytes(facts?.memoryBytes),
    ];
    const lines = shows.map((show) => [
      show.ready ? show.id : `${show.id} (catching up)`,
      show.polls.map(({ id, state }) => `${id} ${state}`).join(", "),
      ...[show.folded, show.recorded, show.pruned].map(grouped),
    ]);
    const [first = ["", "", "", "", ""], ...rest] = lines;
    return [[...who, ...first], ...rest.map((line) => [...who.map(() => ""), ...line])];
  });
  return tableOf([HEAD, ...rows]);
}

/** Not every platform tells how much memory a member takes. */
function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "" : `${Math.round(bytes / 2 ** 20)} MiB`;
}
