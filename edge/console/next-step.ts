import type { PollPicture } from "./picture-of-show.ts";

/** What the one big button of a poll does now: the poll's life in its order. */
export type NextStep =
  | { readonly is: "open"; readonly label: string; readonly needsArming: boolean }
  | { readonly is: "close"; readonly label: string }
  | { readonly is: "wait"; readonly label: string }
  | { readonly is: "release"; readonly label: string }
  | { readonly is: "over"; readonly label: string };

export function nextStep({ state, released, isFinal }: Pick<PollPicture, "state" | "released" | "isFinal">): NextStep {
  switch (state) {
    case "draft":
      return { is: "open", label: "Open", needsArming: true };
    case "armed":
      return { is: "open", label: "Open", needsArming: false };
    case "open":
      return { is: "close", label: "Close" };
    case "closing":
      return { is: "wait", label: "Closing" };
    case "closed":
    case "final":
      if (!isFinal) return { is: "wait", label: "Counting" };
      return released ? { is: "over", label: "Released" } : { is: "release", label: "Release" };
    case "void":
      return { is: "over", label: "Void" };
  }
}

/** How far the edges are with sealing a closed poll, from what a poll still waits for. */
export interface Seals {
  readonly sealed: number;
  readonly of: number;
  /** Edges whose seal is missing. */
  readonly missing: readonly string[];
}

export function sealsOf(
  roster: readonly { edge: string; boot: string; lost: boolean }[],
  waitingFor: readonly string[],
): Seals {
  const living = roster.filter(({ lost }) => !lost);
  const missing = living.filter(({ edge, boot }) => waitingFor.includes(`seal of ${edge}/${boot}`));
  return { sealed: living.length - missing.length, of: living.length, missing: missing.map(({ edge }) => edge) };
}
