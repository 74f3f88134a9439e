import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { OrderAnswer } from "../../answers.ts";
import { headless, readLines } from "../audience/line-file.ts";

/** What buyers know by themselves, as lines of JSON: one that says whose they are, and one a buyer. */
export const BuyersLine = v.object({
  kind: v.literal("buyers"),
  version: v.literal(1),
  show: v.string(),
  product: v.string(),
  seed: v.number(),
  buyers: v.number(),
  edges: v.array(v.string()),
  /** Milliseconds since 1970. */
  started: v.number(),
});
export type BuyersLine = v.InferOutput<typeof BuyersLine>;

export const BuyerLine = v.object({
  kind: v.literal("buyer"),
  buyer: v.string(),
  /** The order's own UUID. */
  key: v.string(),
  end: v.variant("is", [
    v.object({ is: v.literal("told"), order: OrderAnswer }),
    v.object({ is: v.literal("refused"), code: v.string() }),
    v.object({ is: v.literal("unknown") }),
  ]),
});
export type BuyerLine = v.InferOutput<typeof BuyerLine>;

const Line = v.variant("kind", [BuyersLine, BuyerLine]);

const PREFIX = "buyers-";
const SUFFIX = ".jsonl";

/** The name of the file of one run. */
export function booksName(show: string, seed: number): string {
  return `${PREFIX}${show}-${seed}${SUFFIX}`;
}

/** All buyers of a show whose books are in the folder; of two lines of one buyer the later run's stands. */
export function buyersOfShow(folder: string, show: string): BuyerLine[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.startsWith(PREFIX) && name.endsWith(SUFFIX));
  const runs = files.flatMap((name) => findBuyers(join(folder, name)) ?? []).filter(({ head }) => head.show === show);
  runs.sort((a, b) => a.head.started - b.head.started);
  return [...new Map(runs.flatMap(({ buyers }) => buyers.map((line) => [line.buyer, line]))).values()];
}

/** One run's books; undefined where nothing is written yet. Throws where a line is none. */
function findBuyers(file: string): { readonly head: BuyersLine; readonly buyers: readonly BuyerLine[] } | undefined {
  const [head, ...rest] = readLines(file, Line);
  if (!head) return undefined;
  if (head.kind !== "buyers") throw headless(file);
  return { head, buyers: rest.filter((line) => line.kind === "buyer") };
}
