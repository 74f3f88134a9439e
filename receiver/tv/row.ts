/** A line of a card that can be chosen: an option of a poll, or a way on in the shop. */
export interface Row {
  readonly option: string;
  readonly letter: string;
  readonly text: string;
  /** Votes of this receiver that stand for it. */
  readonly mine: number;
  readonly result: { readonly count: string; readonly percent: number } | undefined;
  /** At the right: a share, or a price. */
  readonly figure: string;
  readonly isRight: boolean;
  readonly note: string;
}

/** What became of what the viewer did, under the rows. */
export interface Status {
  readonly kind: "quiet" | "sending" | "counted" | "refused" | "right" | "wrong";
  readonly text: string;
  readonly more: string;
}
