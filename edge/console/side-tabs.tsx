import { useSignal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { AuditPanel } from "./audit-panel.tsx";
import { ContentPanel } from "./content-panel.tsx";
import type { Desk } from "./desk.ts";
import type { ShowPicture } from "./picture-of-show.ts";
import { SalesPanel } from "./sales-panel.tsx";
import { ThresholdsPanel } from "./thresholds-panel.tsx";

/** What a tab shows; another panel is another line in `TABS`. */
export interface PanelProps {
  readonly desk: Desk;
  readonly picture: ShowPicture;
}

interface Tab {
  readonly id: string;
  readonly name: string;
  readonly panel: FunctionComponent<PanelProps>;
  /** How much behind it waits for somebody. */
  readonly waiting?: (desk: Desk) => number;
}

const TABS: readonly Tab[] = [
  { id: "content", name: "Screens", panel: ContentPanel },
  { id: "thresholds", name: "Thresholds", panel: ThresholdsPanel },
  { id: "sales", name: "Sales", panel: SalesPanel, waiting: (desk) => desk.selling.value?.stuck.length ?? 0 },
  { id: "audit", name: "Audit", panel: AuditPanel },
];

export function SideTabs({ desk, picture }: PanelProps) {
  const chosen = useSignal(0);
  const Panel = TABS[chosen.value]!.panel;
  const onkeydown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    if (by === 0) return;
    event.preventDefault();
    chosen.value = (chosen.value + by + TABS.length) % TABS.length;
    document.getElementById(`tab-${TABS[chosen.value]!.id}`)?.focus();
  };
  return (
    <section class="panel tabs" aria-label="Screens, thresholds, sales, audit">
      <div role="tablist" onKeyDown={onkeydown}>
        {TABS.map(({ id, name, waiting = () => 0 }, i) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={i === chosen.value}
            aria-controls="tab-panel"
            tabIndex={i === chosen.value ? 0 : -1}
            onClick={() => (chosen.value = i)}
          >
            {name}
            {waiting(desk) > 0 && <b class="waiting">{waiting(desk)} stuck</b>}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${TABS[chosen.value]!.id}`} tabIndex={0}>
        <Panel desk={desk} picture={picture} />
      </div>
    </section>
  );
}
