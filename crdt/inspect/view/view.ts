import type { GenericSchema, InferOutput } from "valibot";
import type { Inspector } from "../inspector.ts";
import type { Shown } from "../report.ts";

/** What a view works with beside its parameters. */
export interface ViewContext {
  readonly inspector: Inspector;
  /** How receivers are named to whoever asks: by a pseudonym, unless the token lets them have more. */
  readonly nameReceiver: (hex: string) => string;
}

/** One view: what may be asked of it, and how it is made. What it makes of the answers is a pure function beside it. */
export interface View<S extends GenericSchema = GenericSchema, D = unknown> {
  /** One sentence, for people. */
  readonly summary: string;
  readonly params: S;
  run(context: ViewContext, params: InferOutput<S>): Promise<{ readonly shown: Shown<D>; readonly asked: Asked }>;
}

/** The answers that a view is made of: they say who was silent. */
export type Asked = readonly {
  readonly member: string;
  readonly reading?: unknown;
  readonly why?: "no link" | "no answer";
  readonly heardAt?: number;
}[];

export function view<S extends GenericSchema, D>(definition: View<S, D>): View<S, D> {
  return definition;
}
