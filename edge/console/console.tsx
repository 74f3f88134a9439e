import type { Desk } from "./desk.ts";
import { EdgesPanel } from "./edges-panel.tsx";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { PollDesk } from "./poll-desk.tsx";
import { RunningOrder } from "./running-order.tsx";
import { SideTabs } from "./side-tabs.tsx";

export function Console({ desk }: { readonly desk: Desk }) {
  const picture = desk.picture.value;
  const isRehearsal = picture?.show.rehearsal === true;
  return (
    <div class={`console ${isRehearsal ? "rehearsal" : ""}`}>
      <Header desk={desk} />
      {picture ? (
        <>
          <RunningOrder desk={desk} picture={picture} />
          <main>
            <PollDesk desk={desk} picture={picture} />
          </main>
          <aside aria-label="Edges, thresholds, content, sales and audit">
            <EdgesPanel desk={desk} picture={picture} />
            <SideTabs desk={desk} picture={picture} />
          </aside>
        </>
      ) : (
        <main class="empty">
          <h1>{desk.show.value === undefined ? "No show yet" : "Waiting for the show"}</h1>
          <p>
            {desk.show.value === undefined
              ? "Create one from its file with the button above, or by redbutton show create."
              : "An edge is about to send it."}
          </p>
        </main>
      )}
      <Help />
      <Notices desk={desk} />
    </div>
  );
}

function Notices({ desk }: { readonly desk: Desk }) {
  const notice = desk.notice.value;
  return (
    <div class="notices" role="status" aria-live="polite">
      {notice && <p class={`notice ${notice.kind}`}>{notice.text}</p>}
    </div>
  );
}
