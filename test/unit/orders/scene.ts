// An order processor over a database in a file and a provider behind real HTTP, fed with an edge's batches by hand.
import { join } from "node:path";
import * as Y from "yjs";
import { encodeBatch, NO_HASH } from "../../../crdt/batch.ts";
import { batchHash } from "../../../crdt/batch-hash.ts";
import { ledgerName } from "../../../crdt/documents.ts";
import { encloseData, makeEnvelopeKey, type EnvelopeKeyPair } from "../../../crdt/envelope.ts";
import { Ledger } from "../../../crdt/ledger.ts";
import { Member } from "../../../crdt/member.ts";
import type { Order } from "../../../crdt/order.ts";
import type { StandingOrder } from "../../../crdt/order-book.ts";
import { packPersonalData, type PersonalData } from "../../../crdt/personal-data.ts";
import { newIdentity } from "../../../crdt/replicate/introduction.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { Shop, type Product } from "../../../crdt/shop.ts";
import { MemoryDisk, MemoryStore } from "../../../crdt/store/memory.ts";
import type { LibsqlStore } from "../../../crdt/store/libsql.ts";
import { FLUSH_INTERVAL_MS } from "../../../crdt/writer.ts";
import { openOrderDatabase } from "../../../monitor/database.ts";
import type { OrderBooks } from "../../../monitor/orders/books.ts";
import type { Provider } from "../../../monitor/orders/provider.ts";
import { OrderProcessor } from "../../../monitor/orders/processor.ts";
import { WebhookProvider } from "../../../monitor/orders/webhook.ts";
import { Process } from "../../../monitor/process.ts";
import { START } from "../../support/ballots.ts";
import { removeFolder, temporaryFolder } from "../../support/database.ts";
import { aProduct } from "../../support/orders.ts";
import { TestProvider, type ProviderWish } from "../../support/provider.ts";
import { soon } from "../../support/soon.ts";
import { ManualWorld } from "../../support/world.ts";

export const SHOW = "final";
const FRA = { shard: 0, edge: "fra", boot: "00000000000000f1" };
export const SECRET = "a provider's secret";
/** How long the tests' processor waits for the provider, ms of real time: an answer may take a while on a busy machine. */
export const TIMEOUT_MS = 1500;

export interface SceneWish extends Partial<ProviderWish> {
  readonly products?: readonly Product[];
  /** Puts a mistake in between. */
  readonly withBooks?: (books: OrderBooks) => OrderBooks;
  readonly withProvider?: (provider: Provider) => Provider;
}

/** An order as far as a test cares, and what is in its envelope. */
export interface SentOrder extends Partial<Order> {
  readonly id: string;
  readonly personal?: PersonalData;
}

const ADA: PersonalData = { account: "ada", details: { name: "Ada" } };

/** One life of a processor. */
interface Life {
  readonly store: LibsqlStore;
  readonly books: OrderBooks;
  readonly member: Member;
  readonly process: Process;
  readonly processor: OrderProcessor;
  readonly replica: Replica;
}

export class Scene {
  readonly world = new ManualWorld(START);
  readonly provider: TestProvider;
  readonly pair: EnvelopeKeyPair;
  keys: EnvelopeKeyPair[];
  readonly #folder = temporaryFolder();
  readonly #products: readonly Product[];
  readonly #ledger = new Ledger(new Y.Doc());
  #sequence = 0;
  #head: Uint8Array = NO_HASH;
  #life: Life | undefined;
  #second: Pick<Life, "process" | "replica"> | undefined;
  #withBooks = (books: OrderBooks): OrderBooks => books;
  #withProvider = (provider: Provider): Provider => provider;
  /** The board as everyone else has it. */
  readonly #board = new Y.Doc();

  static async open({ products = [aProduct()], withBooks, withProvider, ...wish }: SceneWish = {}): Promise<Scene> {
    const provider = await TestProvider.start({ secret: SECRET, ...wish });
    const { pair } = await makeEnvelopeKey();
    const scene = new Scene(provider, pair, products);
    if (withBooks) scene.#withBooks = withBooks;
    if (withProvider) scene.#withProvider = withProvider;
    await scene.start();
    return scene;
  }

  private constructor(provider: TestProvider, pair: EnvelopeKeyPair, products: readonly Product[]) {
    this.provider = provider;
    this.pair = pair;
    this.keys = [pair];
    this.#products = products;
  }

  /** Starts a processor on what is on disk: a new boot. */
  async start(): Promise<void> {
    const { store, books } = await openOrderDatabase(`file:${join(this.#folder, "orders.db")}`);
    const { world, keys } = this;
    const member = await Member.open({
      identity: newIdentity("orders", "process", world.random),
      listens: false,
      peers: [],
      store,
      world,
      permanent: true,
      dial: () => Promise.reject(new Error("nobody is there")),
      subscribe: () => [0],
      onlost: () => {},
    });
    const webhook = new WebhookProvider({
      url: this.provider.url,
      secret: SECRET,
      clock: world.clock,
      timeoutMs: TIMEOUT_MS,
    });
    const provider = this.#withProvider(webhook);
    const processor = new OrderProcessor({ member, books: this.#withBooks(books), provider, keys });
    const process = new Process(member, [processor]);
    const replica = member.adopt(SHOW)!;
    this.#life = { store, books, member, process, processor, replica };
    if (!replica.board.show) await this.#create(replica);
    Y.applyUpdate(replica.board.doc, Y.encodeStateAsUpdate(this.#board));
    replica.apply(ledgerName(SHOW, 0), Y.encodeStateAsUpdate(this.#ledger.doc), FRA.edge);
  }

  /** A second processor beside the first, over the same books: its own member, its own copy of the ledger. */
  async startSecond(): Promise<void> {
    const { world, keys } = this;
    const member = await Member.open({
      identity: newIdentity("orders-2", "process", world.random),
      listens: false,
      peers: [],
      store: new MemoryStore(new MemoryDisk()),
      world,
      permanent: true,
      dial: () => Promise.reject(new Error("nobody is there")),
      subscribe: () => [0],
      onlost: () => {},
    });
    const provider = new WebhookProvider({ url: this.provider.url, secret: SECRET, clock: world.clock });
    const process = new Process(member, [new OrderProcessor({ member, books: this.books, provider, keys })]);
    const replica = member.adopt(SHOW)!;
    Y.applyUpdate(replica.board.doc, Y.encodeStateAsUpdate(this.replica.board.doc));
    this.#second = { process, replica };
  }

  /** Ends the processor where it stands, as far as one within this program can: nothing of it goes on. */
  async crash(): Promise<void> {
    const { store, replica } = this.#alive;
    Y.applyUpdate(this.#board, Y.encodeStateAsUpdate(replica.board.doc));
    this.#life = undefined;
    await store.close();
  }

  async end(): Promise<void> {
    const all = [this.#life?.process, this.#second?.process].flatMap((process) => process?.stop() ?? []);
    await this.#while(Promise.all(all).then(() => {}));
    await this.provider.close();
    await this.#life?.store.close().catch(() => {});
    removeFolder(this.#folder);
  }

  get books(): OrderBooks {
    return this.#alive.books;
  }

  get replica(): Replica {
    return this.#alive.replica;
  }

  get member(): Member {
    return this.#alive.member;
  }

  /** When the processor has something to do though nobody comes. */
  nextDue(): Promise<number | undefined> {
    return this.#alive.processor.nextDue();
  }

  get shop(): Shop {
    return new Shop(this.replica.board.doc);
  }

  get problems(): readonly string[] {
    return this.#alive.process.health().duties.flatMap(({ problems }) => problems);
  }

  /** Orders as an edge has written them, one batch. */
  async send(orders: readonly SentOrder[]): Promise<void> {
    const whole = await Promise.all(orders.map((order) => this.#whole(order)));
    this.#sequence += 1;
    const header = { ...FRA, sequence: this.#sequence, previous: this.#head, time: START };
    const bytes = encodeBatch({ ...header, kind: "orders", orders: whole });
    this.#head = batchHash(bytes);
    this.#ledger.append(FRA.edge, FRA.boot, [bytes]);
    for (const replica of [this.#life?.replica, this.#second?.replica])
      replica?.apply(ledgerName(SHOW, 0), Y.encodeStateAsUpdate(this.#ledger.doc), FRA.edge);
  }

  /** Rounds, with time passing, until `check` no longer throws. */
  async until(check: () => unknown): Promise<void> {
    await soon(async () => {
      // Were time to pass meanwhile, on a busy machine an answer would take longer than a claim is good.
      if (this.#atProvider > 0) throw new Error(`${this.#atProvider} orders are at the provider`);
      await this.round();
      await check();
    });
  }

  async round(): Promise<void> {
    this.world.advance(20_000);
    const both = [this.#alive.process, this.#second?.process].flatMap((process) => process?.round() ?? []);
    await this.#while(Promise.all(both).then(() => {}));
    if (this.#second) this.#hearSecond(this.#second.replica);
  }

  get #atProvider(): number {
    const processes = [this.#alive.process, this.#second?.process].flatMap((process) => process ?? []);
    const duties = processes.flatMap((process) => process.health().duties);
    return duties.reduce((sum, { figures }) => sum + (figures["at_provider"] ?? 0), 0);
  }

  /** What the second one has told reaches the first, as over a link. */
  #hearSecond(replica: Replica): void {
    const ledger = replica.document(ledgerName(SHOW, 0))!;
    this.replica.apply(ledgerName(SHOW, 0), Y.encodeStateAsUpdate(ledger), "orders-2");
  }

  /** Virtual time passes, a flush at a time, while real files and sockets are waited for. */
  async #while(work: Promise<void>): Promise<void> {
    let isOver = false;
    const over = work.finally(() => (isOver = true));
    while (!isOver) {
      this.world.advance(FLUSH_INTERVAL_MS);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await over;
  }

  /** Every order has come to its end, and its receiver can know. */
  async settled(count: number): Promise<void> {
    await this.until(() => {
      const over = this.standing().filter(({ state }) => state !== "received" && state !== "reserved");
      if (over.length < count) throw new Error(`${over.length} of ${count} orders are over`);
    });
  }

  standing(): StandingOrder[] {
    return [...this.replica.shard(0).fold.orders.orders()];
  }

  states(): Record<string, number> {
    const states: Record<string, number> = {};
    for (const { state } of this.standing()) states[state] = (states[state] ?? 0) + 1;
    return states;
  }

  get #alive(): Life {
    if (!this.#life) throw new Error("no processor runs");
    return this.#life;
  }

  async #create(replica: Replica): Promise<void> {
    await replica.change((board) => {
      new Shop(board.doc).addProducts(this.#products);
      board.create({ id: SHOW, title: "", shards: 1, created: START, wrappedKey: "" }, []);
    });
  }

  async #whole({ personal = ADA, ...order }: SentOrder): Promise<Order> {
    const envelope = await encloseData(packPersonalData(personal), this.pair, order.id);
    const digest = "d1".repeat(16);
    return { hi: 1, lo: 2, product: "shirt", quantity: 1, digest, time: START, envelope, ...order };
  }
}

export function orderIdOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}
