import { setTimeout as sleep } from "node:timers/promises";
import { deriveTokenKeys, type TokenKey } from "../../token.ts";
import type { AudienceEdge } from "../audience/carrier.ts";
import { Dice } from "../audience/dice.ts";
import { LineFile } from "../audience/line-file.ts";
import { Schedule } from "../audience/schedule.ts";
import type { BuyerLine, BuyersLine } from "./books.ts";
import { Buyer } from "./buyer.ts";
import { planBuyer, type BuyerPlan, type BuyerShares } from "./plan.ts";
import { BuyersLedger, type BuyersProgress, type BuyersReport } from "./report.ts";
import { Till } from "./till.ts";

export interface BuyersOptions {
  readonly edges: readonly AudienceEdge[];
  /** The network's secret: buyers mint their tokens themselves, so that no limit by address applies. */
  readonly secret: Uint8Array;
  readonly show: string;
  readonly product: { readonly id: string; readonly mostAtOnce: number };
  readonly buyers: number;
  /** Buyers a second. */
  readonly rate: number;
  /** The same seed gives the same buyers with the same orders. */
  readonly seed: number;
  readonly shares: BuyerShares;
  readonly deadlineMs: number;
  /** What is entered where the product is confirmed with a PIN. */
  readonly pin?: string;
  /** File that the books are written to. */
  readonly books?: string;
  readonly onprogress?: (progress: BuyersProgress) => void;
  /** Aborted: nobody comes any more, and those who are there finish. */
  readonly signal?: AbortSignal;
}

const TOKEN_SECONDS = 86_400;
const PROGRESS_INTERVAL_MS = 250;

/** Lets simulated receivers buy, each once, until every order is over or its deadline has passed. */
export async function runBuyers(options: BuyersOptions): Promise<BuyersReport> {
  const { show, product, seed, buyers, books } = options;
  const run = new Run(options);
  const began = performance.now();
  const tell = () => options.onprogress?.({ buyers, acknowledged: run.ledger.acknowledged, over: run.ledger.over });
  const progress = setInterval(tell, PROGRESS_INTERVAL_MS);
  const lines = await run.all();
  clearInterval(progress);
  tell();
  const seconds = (performance.now() - began) / 1000;
  return { show, product: product.id, seed, seconds, ledger: run.ledger, lines, booksFile: books };
}

class Run {
  readonly ledger = new BuyersLedger();
  readonly #options: BuyersOptions;
  readonly #key: TokenKey;
  readonly #books: LineFile | undefined;

  constructor(options: BuyersOptions) {
    this.#options = options;
    this.#key = deriveTokenKeys(options.secret).receivers;
    if (options.books !== undefined) this.#books = new LineFile(options.books);
    this.#books?.add(headLine(options));
  }

  /** They come at random, so many a second on average, whatever became of those before. */
  async all(): Promise<BuyerLine[]> {
    const { seed, buyers, rate, signal } = this.#options;
    const schedule = new Schedule(buyers, rate, new Dice(seed));
    const began = performance.now();
    const buying: Promise<BuyerLine>[] = [];
    for (let at = schedule.nextAt; at !== undefined && !signal?.aborted; at = schedule.nextAt) {
      await sleep(Math.max(0, at - (performance.now() - began)));
      buying.push(this.#one(schedule.take()));
    }
    const lines = await Promise.all(buying);
    await this.#books?.close();
    return lines;
  }

  async #one(number: number): Promise<BuyerLine> {
    const { seed, edges, product, shares, deadlineMs } = this.#options;
    const plan = planBuyer(number, { seed, edges: edges.length, mostAtOnce: product.mostAtOnce, shares });
    const buyer = new Buyer(plan, {
      tills: this.#tillsOf(plan),
      purchase: this.#purchaseOf(plan),
      dice: Dice.for(seed + 1, number),
      events: this.ledger,
      deadlineMs,
      now: () => performance.now(),
      sleep,
    });
    const line: BuyerLine = { kind: "buyer", buyer: plan.subject, key: plan.key, end: await buyer.run() };
    this.#books?.add(line);
    return line;
  }

  #tillsOf({ subject }: BuyerPlan): Till[] {
    const exp = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    // Signed: whose money it is somebody has to vouch for.
    const token = this.#key.sign({ sub: subject, exp, role: "receiver", anon: false });
    return this.#options.edges.map(({ address }) => new Till(address, this.#options.show, token));
  }

  #purchaseOf({ key, quantity, subject }: BuyerPlan) {
    const { product, pin } = this.#options;
    const details = { name: subject };
    return { key, product: product.id, quantity, details, ...(pin === undefined ? {} : { pin }) };
  }
}

function headLine({ show, product, seed, buyers, edges }: BuyersOptions): BuyersLine {
  const names = edges.map(({ name }) => name);
  return {
    kind: "buyers",
    version: 1,
    show,
    product: product.id,
    seed,
    buyers,
    edges: names,
    started: Date.now(),
  };
}
