import { timeText } from "./numbers.ts";
import type { PanelProps } from "./side-tabs.tsx";

/** Deeds that are drawn: what is older stands in GET …/audit. */
const MAX_DRAWN = 100;

/** Who did what, newest first. */
export function AuditPanel({ picture }: PanelProps) {
  return (
    <ol class="items audit">
      {picture.audit.slice(0, MAX_DRAWN).map(({ at, by, edge, action, target }) => (
        <li key={`${at}-${edge}-${action}-${target}`}>
          <time>{timeText(at)}</time>
          <span class="name">
            <b>{by}</b> {action} {target}
            <small>at {edge}</small>
          </span>
        </li>
      ))}
    </ol>
  );
}
