// A network of real processes that sells, buyers that do not give up, and a count of what came of it: in the provider's
// books, in the database, and in what receivers are told. Used by the process tests and by `npm run faults`.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EdgeApi } from "../../edge/cli/api.ts";
import type { Dice } from "../../edge/cli/audience/dice.ts";
import { writeFolder, type NetworkFolder } from "../../edge/cli/network/folder.ts";
import { openOrderDatabase } from "../../monitor/database.ts";
import type { BookedOrder } from "../../monitor/orders/books.ts";
import { insist } from "./insist.ts";
import { Links } from "./links.ts";
import { MemberProcess } from "./member-process.ts";
import { TestProvider } from "./provider.ts";
import { EDGES, moodBy, planShop, PROCESSORS } from "./shop-plan.ts";
import { startSqld, type Sqld } from "./sqld.ts";

const SECRET = "the provider's secret";
export const PRODUCT = { id: "shirt", title: "Shirt", price: 2990, currency: "EUR", most_at_once: 3 };

/** What receivers are told of an order. */
interface ToldOrder {
  readonly id: string;
  readonly quantity: number;
  readonly total: number;
  readonly state: string;
}

export interface Buyer {
  readonly subject: string;
  readonly key: string;
  readonly quantity: number;
}

/** What came of a sale; every problem is one too many. */
export interface SaleOutcome {
  readonly orders: number;
  /** Confirmed, and charged once. */
  readonly once: number;
  readonly twice: number;
  /** Confirmed and not charged, or without an end. */
  readonly never: number;
  /** Pieces sold beyond the stock. */
  readonly oversold: number;
  readonly rejected: number;
  readonly problems: readonly string[];
}

export class ShopFloor {
  readonly folder: NetworkFolder;
  readonly provider: TestProvider;
  readonly links: Links;
  /** Where the order processors' books are. */
  readonly database: Sqld;
  readonly #path: string;
  readonly #members: ReadonlyMap<string, MemberProcess>;

  static async open(dice: Dice): Promise<ShopFloor> {
    const provider = await TestProvider.start({ secret: SECRET, mood: moodBy(dice), lateMs: 5500 });
    const path = mkdtempSync(join(tmpdir(), "redbutton-orders-"));
    const database = await startSqld(path);
    const links = new Links();
    const plan = await planShop({ provider: { url: provider.url, secret: SECRET }, books: database.url });
    const folder = writeFolder(join(path, "network"), await links.through(plan));
    const floor = new ShopFloor({ provider, links, database, folder }, path);
    for (const member of floor.#members.values()) member.start();
    await floor.whole();
    return floor;
  }

  private constructor(parts: Pick<ShopFloor, "provider" | "links" | "database" | "folder">, path: string) {
    const { folder } = parts;
    this.provider = parts.provider;
    this.links = parts.links;
    this.database = parts.database;
    this.folder = folder;
    this.#path = path;
    const members = [...folder.edges, ...folder.processes];
    this.#members = new Map(members.map(({ name, config }) => [name, new MemberProcess(name, config, "deno")]));
  }

  member(name: string): MemberProcess {
    return this.#members.get(name)!;
  }

  get edges(): readonly string[] {
    return EDGES;
  }

  get processors(): readonly string[] {
    return PROCESSORS;
  }

  /** Every edge is ready. */
  async whole(): Promise<void> {
    for (const { address } of this.folder.edges)
      await insist(`${address} is ready`, async () => (await fetch(`${address}/readyz`)).ok);
  }

  /** Creates a show with so much stock, and offers it; every edge takes orders when this resolves. */
  async offer(show: string, stock: number): Promise<void> {
    const producer = this.folder.operatorToken("producer", 3600);
    const { address } = this.folder.edges[0]!;
    await new EdgeApi(address, producer).createShow({
      id: show,
      title: show,
      polls: [],
      products: [{ ...PRODUCT, stock }],
    });
    await ask(`${address}/v1/shows/${show}/products/${PRODUCT.id}/offer`, producer, {});
    for (const edge of this.folder.edges)
      await insist(`${edge.address} sells`, async () => {
        const response = await fetch(`${edge.address}/v1/shows/${show}/products`);
        return response.ok && JSON.stringify(await response.json()).includes(PRODUCT.id);
      });
  }

  /** Places an order, with the same key at one edge after another, until one has it; twice, as a nervous thumb does. */
  async buy(show: string, buyer: Buyer, first: number): Promise<void> {
    const body = { key: buyer.key, product: PRODUCT.id, quantity: buyer.quantity, details: { name: buyer.subject } };
    const place = (edge: number) => this.place(show, edge, this.token(buyer.subject), body);
    await insist(`${buyer.subject} has ordered`, async (attempt) => (await place(first + attempt)).status === 202);
    await place(first + 1).catch(() => {});
  }

  /** One request to one edge, whatever is in it. */
  place(show: string, edge: number, token: string, body: object): Promise<Response> {
    return ask(`${this.address(edge)}/v1/shows/${show}/orders`, token, body);
  }

  address(edge: number): string {
    return this.folder.edges[edge % EDGES.length]!.address;
  }

  /** What the receiver is told at an edge, once its order is over there. */
  async outcome(show: string, buyer: Buyer, edge: number): Promise<ToldOrder> {
    return insist(`${buyer.subject} is told`, async () => {
      const response = await fetch(`${this.address(edge)}/v1/shows/${show}/orders/mine`, {
        headers: { authorization: `Bearer ${this.token(buyer.subject)}` },
      });
      const { orders } = (await response.json()) as { readonly orders: readonly ToldOrder[] };
      if (orders.length > 1) throw new Error(`${buyer.subject} has ${orders.length} orders of one key`);
      return orders.find(({ state }) => state === "confirmed" || state === "rejected");
    });
  }

  /** Waits until every order is over, and compares the three sets of books. */
  async count(show: string, stock: number, buyers: readonly Buyer[]): Promise<SaleOutcome> {
    const problems: string[] = [];
    const told: ToldOrder[] = [];
    for (const buyer of buyers) {
      const [one, other] = await Promise.all([this.outcome(show, buyer, 0), this.outcome(show, buyer, 1)]);
      if (one.state !== other.state)
        problems.push(`${buyer.subject}: ${one.state} at one edge, ${other.state} at another`);
      told.push(one);
    }
    problems.push(...(await this.#reconciled(show)));
    const booked = await this.#booked(show);
    const confirmed = told.filter(({ state }) => state === "confirmed");
    const timesCharged = (id: string) => this.provider.charges.filter(({ reference }) => reference === id).length;
    const pieces = confirmed.reduce((sum, { quantity }) => sum + quantity, 0);
    const sums = {
      receivers: confirmed.reduce((sum, { total }) => sum + total, 0),
      database: booked.reduce((sum, { state, total }) => sum + (state === "confirmed" ? total : 0), 0),
      provider: this.#takenFor(show),
    };
    if (new Set(Object.values(sums)).size > 1) problems.push(`the books differ: ${JSON.stringify(sums)}`);
    if (booked.length !== buyers.length)
      problems.push(`${booked.length} orders in the database, ${buyers.length} placed`);
    const charged = told.filter(({ id, state }) => state === "rejected" && timesCharged(id) > 0);
    if (charged.length > 0) problems.push(`${charged.length} rejected orders were charged`);
    return {
      orders: buyers.length,
      once: confirmed.filter(({ id }) => timesCharged(id) === 1).length,
      twice: told.filter(({ id }) => timesCharged(id) > 1).length,
      never: confirmed.filter(({ id }) => timesCharged(id) === 0).length,
      oversold: Math.max(0, pieces - stock),
      rejected: told.length - confirmed.length,
      problems,
    };
  }

  async end(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => member.kill()));
    await this.links.close();
    await this.provider.close();
    await this.database.kill();
    rmSync(this.#path, { recursive: true, force: true });
  }

  get output(): string[] {
    return [...this.#members.values()].flatMap(({ name, output }) => output.map((line) => `${name} ${line}`));
  }

  /** A receiver's, that the broadcaster vouches for unless it is `anon`. */
  token(subject: string, anon = false): string {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    return this.folder.tokenKeys().receivers.sign({ sub: subject, exp, role: "receiver", anon });
  }

  /** What the processor's own report says, after whatever it did not get to see of the last strike. */
  async #reconciled(show: string): Promise<string[]> {
    const status = this.folder.processes.find(({ role }) => role === "orders")!.status!;
    let differences: readonly object[] = [];
    await insist("the processor reports", async () => {
      const response = await fetch(`${status}/orders/${show}`);
      ({ differences } = (await response.json()) as { readonly differences: readonly object[] });
      return differences.length === 0;
    }).catch(() => {});
    return differences.map((difference) => `the report differs: ${JSON.stringify(difference)}`);
  }

  #takenFor(show: string): number {
    const entries = [...this.provider.books.values()].filter((entry) => entry.show === show);
    return entries.reduce((sum, { state, amount }) => sum + (state === "charged" ? amount : 0), 0);
  }

  async #booked(show: string): Promise<readonly BookedOrder[]> {
    const { store, books } = await openOrderDatabase(this.database.url);
    try {
      return await books.orders(show);
    } finally {
      await store.close();
    }
  }
}

export function buyersOf(show: string, count: number, dice: Dice): Buyer[] {
  return Array.from({ length: count }, (_, i) => ({
    subject: `${show}-buyer-${i}`,
    key: randomUUID(),
    quantity: 1 + dice.below(PRODUCT.most_at_once),
  }));
}

function ask(url: string, token: string, body: object): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(3000),
  });
}
