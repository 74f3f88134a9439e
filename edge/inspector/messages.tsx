import type { Report } from "../../crdt/inspect/report.ts";
import { clock } from "./words.ts";

interface OfReport {
  readonly report: Report;
}

/** Who was asked, and who did not answer. */
export function Members({ report }: OfReport) {
  return (
    <ul class="members" aria-label="Members">
      {report.members.map(({ name, answered, why, heardAt }) => (
        <li key={name} class={answered ? "" : "silent"}>
          <b>{name}</b>{" "}
          {answered
            ? name === report.by
              ? "asked"
              : "answered"
            : `silent: ${why ?? ""}${heardAt === undefined ? "" : `, last heard ${clock(heardAt)}`}`}
        </li>
      ))}
    </ul>
  );
}

/** What somebody has to know, the worst first. */
export function Messages({ report: { messages } }: OfReport) {
  return (
    <div role="status">
      <ul class="messages" aria-label="Messages">
        {messages.length === 0 && <li class="fine">Nothing is amiss here.</li>}
        {messages.map(({ code, severity, text, fix }) => (
          <li key={`${code} ${text}`} class={severity}>
            <b>{severity}</b> <span>{text}</span> <small>{fix}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}
