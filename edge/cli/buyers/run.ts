import { randomInt } from "node:crypto";
import { DEMO_PIN } from "../../../monitor/demo-provider/demo-provider.ts";
import { bodyOf, edgeClient } from "../../client/client.ts";
import { audienceTarget, booksFile, stopAtSigint, type AudienceCommandOptions } from "../audience/run.ts";
import { say } from "../output.ts";
import { saleText } from "../sale/report.ts";
import { verifySale } from "../sale/sources.ts";
import { UserError } from "../user-error.ts";
import { booksName, buyersOfShow } from "./books.ts";
import { runBuyers } from "./buyers.ts";
import { buyersText, openEnds, type BuyersProgress } from "./report.ts";

/** The command line, read. */
export interface BuyersCommandOptions extends AudienceCommandOptions {
  readonly buyers: number;
  readonly product?: string;
  readonly pin?: string;
}

/** Buyers a second, where nobody says how many: what one order processor takes at its ease. */
const DEFAULT_RATE = 50;
/** Between two lines that say how it goes, ms. */
const LINE_INTERVAL_MS = 2000;

/** Lets buyers buy as the command line says, and compares everyone's books; the exit code is 1 where they differ. */
export async function runBuyersCommand(options: BuyersCommandOptions): Promise<void> {
  const { folder, secret, edges, first, show } = await audienceTarget(options);
  const product = await productOf(first.address, show, options.product);
  const seed = options.seed ?? randomInt(2 ** 31);
  const books = booksFile(folder, options, booksName(show, seed));
  const report = await runBuyers({
    edges,
    secret,
    show,
    product: { id: product.id, mostAtOnce: product.most_at_once },
    buyers: options.buyers,
    rate: options.rate ?? DEFAULT_RATE,
    seed,
    shares: { ws: options.ws, retry: options.retryShare, move: options.moveShare },
    deadlineMs: options.deadline * 1000,
    ...(product.confirmation === "pin" ? { pin: options.pin ?? DEMO_PIN } : {}),
    ...(books === undefined ? {} : { books }),
    signal: stopAtSigint(),
    onprogress: sayer(),
  });
  say(buyersText(report));
  say("");
  if (openEnds(report).length > 0) process.exitCode = 1;
  if (!folder) return say("the books of others are compared where the network's folder is");
  // What earlier buyers of this show were told has to stand, too.
  const earlier = buyersOfShow(folder.booksFolder, show).filter(({ buyer }) =>
    report.lines.every((line) => line.buyer !== buyer),
  );
  const sale = await verifySale({ folder, show, buyers: [...earlier, ...report.lines] });
  say(saleText(sale));
  if (!sale.ok) process.exitCode = 1;
}

/** What is on offer under that name, or the only thing that is. */
async function productOf(address: string, show: string, named: string | undefined) {
  const asked = edgeClient(address).v1.shows[":show"].products.$get({ param: { show } });
  const { products } = await bodyOf(asked).catch((error: Error) => {
    throw new UserError(`reading what "${show}" sells at ${address}: ${error.message}`);
  });
  const found = products.filter(({ id }) => named === undefined || id === named);
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const offered = products.map(({ id }) => id).join(" | ") || "none: `redbutton orders offer PRODUCT`";
  throw new UserError(`which product? --product, on offer in "${show}": ${offered}`);
}

function sayer(): (progress: BuyersProgress) => void {
  let saidAt = performance.now();
  return ({ buyers, acknowledged, over }) => {
    if (performance.now() - saidAt < LINE_INTERVAL_MS) return;
    saidAt = performance.now();
    say(`${acknowledged} of ${buyers} orders acknowledged, ${over} over`);
  };
}
