import { LibsqlBooks } from "../../../monitor/orders/libsql-books.ts";
import { WebhookProvider } from "../../../monitor/orders/webhook.ts";
import type { OrdersConfig, StoreConfig } from "../../config.ts";
import { EdgeApi } from "../api.ts";
import type { BuyerLine } from "../buyers/books.ts";
import type { NetworkFolder } from "../network/folder.ts";
import { UserError } from "../user-error.ts";
import { openToRead, whyUnreachable } from "../verify/log-reader.ts";
import { settled } from "../verify/settled.ts";
import { compareSale, type SaleReport, type SaleSources } from "./comparison.ts";

export interface SaleOptions {
  readonly folder: NetworkFolder;
  readonly show: string;
  readonly buyers: readonly BuyerLine[];
  /** How long differences may take to settle, and whoever was killed to come back, ms. */
  readonly waitMs?: number;
}

const DEFAULT_WAIT_MS = 20_000;

/** Compares what receivers were told with the database, the provider's books and every edge, until they agree. */
export async function verifySale({ waitMs = DEFAULT_WAIT_MS, ...options }: SaleOptions): Promise<SaleReport> {
  const processor = processorOf(options.folder);
  const compare = () =>
    readSale(options, processor).then(compareSale, (error: Error): Unread => ({ ok: false, error }));
  const last = await settled<SaleReport | Unread>(compare, waitMs);
  if ("error" in last) throw last.error;
  return last;
}

/** Somebody could not be asked, who may come back. */
interface Unread {
  readonly ok: false;
  readonly error: Error;
}

interface Processor {
  readonly store: StoreConfig;
  readonly orders: OrdersConfig;
}

/** Each from whoever has it: the database as it is on the disk, the provider by its own word, edges by theirs. */
async function readSale({ folder, show, buyers }: SaleOptions, { store, orders }: Processor): Promise<SaleSources> {
  const token = folder.operatorToken("reader");
  const edges = await Promise.all(
    folder.edges.map(async ({ name, address }) => ({ name, ...(await new EdgeApi(address, token).selling(show)) })),
  );
  const { booked, shelf } = await readBooks(orders.books ?? store, show);
  const charges = await new WebhookProvider({ ...orders.provider, clock: { now: () => Date.now() } }).list(show);
  return { show, products: edges[0]?.products ?? [], buyers, booked, shelf, charges, edges };
}

function processorOf(folder: NetworkFolder): Processor {
  const process = folder.processes.find(({ role }) => role === "orders");
  const config = process && folder.configOf(process.config);
  if (!config || config.role === "edge" || !config.orders)
    throw new UserError(`"${folder.path}" has no order processor: nothing is sold there`);
  return { store: config.store, orders: config.orders };
}

async function readBooks(store: StoreConfig, show: string): Promise<Pick<SaleSources, "booked" | "shelf">> {
  const why = whyUnreachable(store);
  if (why !== undefined) throw new UserError(`reading the order processor's books: ${why}`);
  const read = await openToRead(store);
  try {
    const books = new LibsqlBooks(read.database);
    return { booked: await books.orders(show), shelf: await books.sales(show) };
  } finally {
    await read.close();
  }
}
