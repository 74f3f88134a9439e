import { useState } from "preact/hooks";
import type { Report } from "../../crdt/inspect/report.ts";
import { keepToken, takeToken, type Asked } from "./ask.ts";
import { Members, Messages } from "./messages.tsx";
import { SignIn } from "./sign-in.tsx";
import { useReport } from "./use-report.ts";
import { PANELS, type Panel } from "./panels.ts";

const FIRST = "lag";

/** Everything: which view, of which show, and what the edge says. */
export function App() {
  const [token, setToken] = useState(takeToken);
  const [name, setName] = useState(() => location.hash.slice(1) || FIRST);
  const panel = PANELS.find((each) => each.name === name) ?? PANELS[0]!;
  const open = (next: string): void => {
    history.replaceState(null, "", `#${next}`);
    setName(next);
  };
  const enter = (given: string): void => {
    keepToken(given);
    setToken(given);
  };
  if (token === "") return <SignIn reason="" onenter={enter} />;
  return (
    <>
      <header>
        <h1>Inspector</h1>
        <nav aria-label="Views">
          {PANELS.map(({ name: each, title }) => (
            <button key={each} aria-current={each === panel.name ? "page" : undefined} onClick={() => open(each)}>
              {title}
            </button>
          ))}
        </nav>
      </header>
      <Looking key={panel.name} panel={panel} token={token} onenter={enter} />
    </>
  );
}

interface LookingProps {
  readonly panel: Panel;
  readonly token: string;
  readonly onenter: (token: string) => void;
}

function Looking({ panel, token, onenter }: LookingProps) {
  const show = new URLSearchParams(location.search).get("show") ?? "";
  const [params, setParams] = useState<Readonly<Record<string, string>>>(panel.params);
  const needed = panel.needs.every((each) => (params[each] ?? "") !== "");
  const own = panel.name === "status" ? {} : { show };
  const asked = useReport(needed ? panel.view : undefined, { ...own, ...params }, token, panel.everyMs);
  const last = useLast(asked);
  if (asked?.is === "refused" && asked.code.startsWith("token_"))
    return <SignIn reason={asked.detail} onenter={onenter} />;
  const { View, Controls } = panel;
  return (
    <main>
      <h2>{panel.title}</h2>
      <p class="summary">{panel.summary}</p>
      {Controls && (
        <Controls params={params} members={last?.members.map(({ name }) => name) ?? []} onchange={setParams} />
      )}
      {needed && asked?.is === "away" && (
        <p role="alert" class="error">
          {asked.detail}; asking again
        </p>
      )}
      {needed && asked?.is === "refused" && (
        <p role="alert" class="error">
          {asked.detail}
        </p>
      )}
      {last && (
        <>
          <Members report={last} />
          <Messages report={last} />
          <View report={last} />
        </>
      )}
    </main>
  );
}

/** The last report, also while the edge is away: what it said then stays on the screen. */
function useLast(asked: Asked | undefined): Report | undefined {
  const [last, setLast] = useState<Report>();
  if (asked?.is === "report" && asked.report !== last) setLast(asked.report);
  return asked?.is === "report" ? asked.report : last;
}
