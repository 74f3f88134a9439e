import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** How long a button is held before it acts, ms: long enough for no slip of the hand, short enough for live television. */
export const HOLD_MS = 700;
/** Within this time a second activation confirms the first, ms: for those who cannot hold (switch devices, screen readers). */
const SECOND_MS = 4000;

export interface HoldButtonProps {
  readonly class?: string;
  readonly id?: string;
  readonly disabled?: boolean;
  /** Why it cannot be pressed. */
  readonly why?: string | undefined;
  readonly onconfirm: () => void;
  readonly children: ComponentChildren;
}

/** A button that acts when it is held, by a pointer or by Space or Enter. */
export function HoldButton({ class: name = "", id, disabled = false, why, onconfirm, children }: HoldButtonProps) {
  const [phase, setPhase] = useState<"idle" | "held" | "asked">("idle");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const begin = () => {
    if (disabled || phase === "held") return;
    clearTimeout(timer.current);
    setPhase("held");
    timer.current = setTimeout(confirm, HOLD_MS);
  };
  const confirm = () => {
    clearTimeout(timer.current);
    setPhase("idle");
    onconfirm();
  };
  const end = () => {
    if (phase !== "held") return;
    clearTimeout(timer.current);
    setPhase("idle");
  };
  const onkeydown = (event: KeyboardEvent) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) begin();
  };
  /** A click without a press before it comes from a device that cannot hold: it is asked twice instead. */
  const onclick = (event: MouseEvent) => {
    if (disabled || event.detail !== 0) return;
    if (phase === "asked") return confirm();
    setPhase("asked");
    timer.current = setTimeout(() => setPhase("idle"), SECOND_MS);
  };

  return (
    <button
      type="button"
      id={id}
      class={`hold ${name} ${phase}`}
      aria-disabled={disabled}
      title={disabled ? why : "Hold to confirm"}
      onPointerDown={(event) => event.button === 0 && begin()}
      onPointerUp={end}
      onPointerLeave={end}
      onKeyDown={onkeydown}
      onKeyUp={end}
      onBlur={end}
      onClick={onclick}
    >
      <span class="fill" aria-hidden="true" />
      <span class="label">{phase === "asked" ? "Again to confirm" : children}</span>
    </button>
  );
}
