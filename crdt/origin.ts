/**
 * Where a change of a document comes from: our own hand, our own log at the start, or a peer. `consequences` says what
 * each implies, and nothing else does.
 */
export type Origin =
  | { readonly from: "here" }
  | { readonly from: "log" }
  | { readonly from: "peer"; readonly peer: string };

export const HERE: Origin = { from: "here" };
export const LOG: Origin = { from: "log" };

export interface Consequences {
  /** The change goes into the durable log. */
  readonly log: boolean;
  /** Peers have to hear of it from us. */
  readonly push: boolean;
  /** It may bring batches that are not folded yet. */
  readonly fold: boolean;
}

export function consequences(origin: Origin): Consequences {
  switch (origin.from) {
    case "here":
      return { log: true, push: true, fold: false };
    case "log":
      return { log: false, push: false, fold: false };
    case "peer":
      return { log: true, push: false, fold: true };
  }
}

/** The origin of a Yjs transaction. One without any is our own, written outside a transaction of ours. */
export function originOf(origin: unknown): Origin {
  return typeof origin === "object" && origin !== null && "from" in origin ? (origin as Origin) : HERE;
}
