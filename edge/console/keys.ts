import { signal } from "@preact/signals";
import type { Desk } from "./desk.ts";

/** Whether the list of keys is open. */
export const isHelpOpen = signal(false);

export interface KeyBinding {
  readonly keys: readonly string[];
  readonly shown: string;
  readonly what: string;
  readonly act: (desk: Desk) => void;
}

/** Everything that a key does; what acts on air only takes the focus, and is then held like by a pointer. */
export const BINDINGS: readonly KeyBinding[] = [
  { keys: ["ArrowUp", "k"], shown: "↑ or K", what: "the poll before", act: (desk) => desk.step(-1) },
  { keys: ["ArrowDown", "j"], shown: "↓ or J", what: "the next poll", act: (desk) => desk.step(1) },
  {
    keys: ["o"],
    shown: "O",
    what: "to the big button: hold Space to open, close, release",
    act: () => focus("next-step"),
  },
  { keys: ["d"], shown: "D", what: "how long the poll is open", act: () => focus("duration") },
  { keys: ["c"], shown: "C", what: "to what is on the screens", act: () => focus("tab-content") },
  { keys: ["t"], shown: "T", what: "to the thresholds", act: () => focus("tab-thresholds") },
  { keys: ["s"], shown: "S", what: "to the sales", act: () => focus("tab-sales") },
  { keys: ["a"], shown: "A", what: "to the audit", act: () => focus("tab-audit") },
  { keys: ["x"], shown: "X", what: "to the emergency stop: hold Space", act: () => focus("stop") },
  { keys: ["?"], shown: "?", what: "these keys", act: () => (isHelpOpen.value = !isHelpOpen.value) },
  { keys: ["Escape"], shown: "Escape", what: "closes this", act: () => (isHelpOpen.value = false) },
];

export function listenToKeys(desk: Desk): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const binding = BINDINGS.find(({ keys }) =>
      keys.includes(event.key.length === 1 ? event.key.toLowerCase() : event.key),
    );
    if (!binding) return;
    event.preventDefault();
    binding.act(desk);
  });
}

function focus(id: string): void {
  const target = document.getElementById(id);
  target?.focus();
  if (target?.getAttribute("role") === "tab") target.click();
}

/** Where a key is text, or moves within a list of its own. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [role=tablist]") !== null;
}
