import type { Candidate } from "../../steering/candidate.ts";
import type { Figures } from "../steering/figures.ts";
import type { FrontAsk } from "./ask.ts";

export interface FrontOptions {
  readonly host: string;
  readonly port: number;
  /** Edges for a request, best first. */
  readonly choose: (ask: FrontAsk) => readonly Candidate[];
  readonly proxies: ReadonlySet<string>;
  readonly figures: Figures;
}

/** Edges that are tried for one request. */
export const MAX_TRIES = 3;
