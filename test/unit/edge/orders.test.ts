// Orders at a real edge, by its routes: who may place them, what they cost, retries, and what the receiver is told.
import { afterEach, describe, expect, test } from "vitest";
import { hexToBytes } from "@noble/hashes/utils.js";
import { batchOf } from "../../../crdt/batch.ts";
import { makeEnvelopeKey, openEnvelope, type EnvelopeKeyPair } from "../../../crdt/envelope.ts";
import { PIN_WRONG, type Order, type Outcome } from "../../../crdt/order.ts";
import { MAX_ACCOUNT_BYTES, MAX_DETAILS_BYTES, readPersonalData } from "../../../crdt/personal-data.ts";
import { ReceiverIds } from "../../../crdt/receiver.ts";
import { Shop, type Product } from "../../../crdt/shop.ts";
import { MemoryDisk } from "../../../crdt/store/memory.ts";
import { createApp, type App } from "../../../edge/app.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../edge/limits.ts";
import { orderDigest, orderId } from "../../../edge/order-desk.ts";
import { MAX_PIN_TRIES, PIN_PAUSE_MS } from "../../../edge/pin-tries.ts";
import { MAX_DETAILS_CHARS } from "../../../edge/schemas.ts";
import { deriveTokenKeys, type OperatorRole } from "../../../edge/token.ts";
import { unwrapShowKey } from "../../../edge/show-key.ts";
import { Tokens } from "../../../edge/tokens.ts";
import { pass, replicaOf, createShow, SHOW, startLoneEdge, type LoneEdge } from "../../support/lone-edge.ts";
import { ChainOfBatches } from "../../support/ballots.ts";
import { anOutcome, aProduct, ORDER_DIGEST } from "../../support/orders.ts";
import { ManualWorld } from "../../support/world.ts";
import { TestSocket } from "./harness.ts";

const NETWORK = new Uint8Array(32).fill(7);
const KEY = "0e3f6a52-5a5e-4f0e-9d7e-0123456789ab";
const OTHER_KEY = "1e3f6a52-5a5e-4f0e-9d7e-0123456789ab";
const BODY = { key: KEY, product: "shirt", quantity: 2, details: { name: "Ada", address: "1 Road" } };

/** A counter, an edge and its routes. */
class Counter {
  readonly lone: LoneEdge;
  readonly app: App;
  readonly tokens: Tokens;
  readonly sockets: TestSocket[] = [];
  pair: EnvelopeKeyPair | undefined;

  constructor(lone: LoneEdge, limits: Partial<Limits> = {}) {
    this.lone = lone;
    const keys = deriveTokenKeys(NETWORK);
    this.tokens = new Tokens(keys, lone.world.clock);
    this.app = createApp({
      edge: lone.edge,
      world: lone.world,
      keys,
      limits: { ...DEFAULT_LIMITS, ...limits },
      pages: new Map(),
      clientAddress: () => "192.0.2.1",
      upgrade: (_c, accept) => {
        const socket = new TestSocket();
        accept(socket);
        this.sockets.push(socket);
        return new Response("upgraded");
      },
    });
  }

  static async open(products: readonly Product[] = [aProduct()], limits: Partial<Limits> = {}): Promise<Counter> {
    const lone = await startLoneEdge();
    await createShow(lone, [], products);
    return new Counter(lone, limits);
  }

  /** With a key on the board, and everything offered. */
  static async selling(products: readonly Product[] = [aProduct()], limits: Partial<Limits> = {}): Promise<Counter> {
    const counter = await Counter.open(products, limits);
    await counter.showKey();
    for (const { id } of products) await counter.command(`products/${id}/offer`);
    return counter;
  }

  async showKey(): Promise<void> {
    const { pair } = await makeEnvelopeKey();
    this.pair = pair;
    this.shop.setEnvelopeKey(pair.id, { key: pair.key, since: this.lone.world.time });
  }

  get shop(): Shop {
    return new Shop(replicaOf(this.lone).board.doc);
  }

  token(subject = "ada", anonymous = false): string {
    return this.tokens.mintReceiver(subject, anonymous, this.lone.world.time + 3_600_000);
  }

  order(json: unknown, token = this.token()) {
    return this.ask("POST", `/v1/shows/${SHOW}/orders`, token, json);
  }

  command(path: string, json?: unknown, role: OperatorRole = "producer") {
    const expiresAt = this.lone.world.time + 3_600_000;
    const token = this.tokens.mintOperator({ subject: `the ${role}`, role, shows: "*", expiresAt });
    return this.ask("POST", `/v1/shows/${SHOW}/${path}`, token, json);
  }

  read(path: string, role: OperatorRole = "reader") {
    const expiresAt = this.lone.world.time + 3_600_000;
    return this.ask("GET", path, this.tokens.mintOperator({ subject: "r", role, shows: "*", expiresAt }));
  }

  /** Lets time pass until the answer is there: encryption and the log both take some. */
  async ask(method: string, path: string, token: string, json?: unknown) {
    const request = new Request(new URL(path, "http://edge.test"), {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const response = await this.until(Promise.resolve(this.app.fetch(request)));
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, body };
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    settled.catch(() => {});
    while (!isSettled) {
      await new Promise((resolve) => setImmediate(resolve));
      this.lone.world.advance(1);
    }
    return settled;
  }

  /** As the processor writes it. */
  async outcome(given: Partial<Outcome> & Pick<Outcome, "id">): Promise<void> {
    const { hi, lo } = this.receiver();
    const time = this.lone.member.clock.now();
    const { fold, writer } = replicaOf(this.lone).shard(0);
    const digest = fold.orders.get(given.id)?.order.digest ?? ORDER_DIGEST;
    const outcome: Outcome = { hi, lo, digest, step: 1, state: "reserved", reason: "", time, ...given };
    await this.until(writer.writeOutcome(outcome));
  }

  receiver(subject = "ada") {
    const { wrappedKey } = replicaOf(this.lone).board.show!;
    return new ReceiverIds(unwrapShowKey(wrappedKey, NETWORK, SHOW)).of(subject);
  }

  /** What the order processor reads. */
  async opened({ id, envelope }: Order) {
    return readPersonalData((await openEnvelope(envelope, this.pair!, id))!);
  }

  /** Orders in the log, as written. */
  async logged(): Promise<Order[]> {
    const orders: Order[] = [];
    for await (const bytes of replicaOf(this.lone).batches()) {
      const batch = batchOf(bytes);
      if (batch?.kind === "orders") orders.push(...batch.orders);
    }
    return orders;
  }
}

let counters: Counter[] = [];
const opened = async (...given: Parameters<typeof Counter.selling>) => {
  const counter = await Counter.selling(...given);
  counters.push(counter);
  return counter;
};
afterEach(() => {
  for (const { lone } of counters) lone.edge.stop();
  counters = [];
});

describe("an order", () => {
  test("is logged with the board's price, its details readable by the processor alone", async () => {
    const counter = await opened();
    const { status, body } = await counter.order(BODY);
    expect(status).toBe(202);
    expect(body).toMatchObject({ product: "shirt", title: "The tour's shirt", quantity: 2 });
    expect(body).toMatchObject({ price: 2990, total: 5980, currency: "EUR" });
    expect(body).toMatchObject({ state: "received", step: 0, id: orderId(SHOW, counter.receiver(), KEY) });
    const [order] = await counter.logged();
    expect(order).toMatchObject({ id: body["id"], digest: orderDigest(BODY), product: "shirt", quantity: 2 });
    expect(Buffer.from(order!.envelope).toString("latin1")).not.toContain("Ada");
    expect(await counter.opened(order!)).toEqual({ account: "ada", details: BODY.details });
  });

  test("is taken from receivers that the broadcaster vouches for only", async () => {
    const counter = await opened();
    const { status, body } = await counter.order(BODY, counter.token("somebody", true));
    expect([status, body["code"]]).toEqual([403, "forbidden"]);
    expect(await counter.logged()).toEqual([]);
  });

  test("retried is the same order, also at once and after the product is withdrawn", async () => {
    const counter = await opened();
    const [one, two] = await Promise.all([counter.order(BODY), counter.order(BODY)]);
    await counter.command("products/shirt/withdraw");
    const three = await counter.order({ ...BODY, details: { address: "1 Road", name: "Ada" } });
    expect(new Set([one, two, three].map(({ body }) => body["id"])).size).toBe(1);
    expect([one, two, three].map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(await counter.logged()).toHaveLength(1);
  });

  test("with the key of another body is refused, also while that one is being written", async () => {
    const counter = await opened();
    const [one, two] = await Promise.all([counter.order(BODY), counter.order({ ...BODY, quantity: 3 })]);
    expect(new Set([one.status, two.status])).toEqual(new Set([202, 409]));
    const three = await counter.order({ ...BODY, details: { name: "Eve" } });
    expect([three.status, three.body["code"]]).toEqual([409, "order_conflict"]);
    expect(await counter.logged()).toHaveLength(1);
  });

  test("of another receiver under the same key is another order", async () => {
    const counter = await opened();
    const one = await counter.order(BODY);
    const two = await counter.order(BODY, counter.token("bob"));
    expect(two.status).toBe(202);
    expect(two.body["id"]).not.toBe(one.body["id"]);
    const mine = await counter.ask("GET", `/v1/shows/${SHOW}/orders/mine`, counter.token("bob"));
    expect(mine.body).toMatchObject({ orders: [{ id: two.body["id"] }] });
  });

  test.each([
    ["a price", { ...BODY, price: 1 }, 400, "malformed"],
    ["no UUID", { ...BODY, key: "1" }, 400, "malformed"],
    ["nothing", { ...BODY, quantity: 0 }, 400, "malformed"],
    ["a part", { ...BODY, quantity: 1.5 }, 400, "malformed"],
    ["more than are sold at once", { ...BODY, quantity: 5 }, 422, "quantity_out_of_range"],
    ["what is not sold", { ...BODY, product: "mug" }, 404, "unknown_product"],
    ["long details", { ...BODY, details: { remark: "x".repeat(MAX_DETAILS_CHARS) } }, 400, "malformed"],
    ["details of many bytes", { ...BODY, details: { r: "\u{1F600}".repeat(260) } }, 400, "malformed"],
  ])("with %s is refused", async (_what, json, status, code) => {
    const counter = await opened();
    const answer = await counter.order(json);
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
    expect(await counter.logged()).toEqual([]);
  });

  test("with as many as are sold at once, details of the longest and the longest account, is taken", async () => {
    const counter = await opened([aProduct({ confirmation: "pin" })]);
    const account = "a".repeat(MAX_ACCOUNT_BYTES - 2);
    const details = { ["n".repeat(40)]: "ü".repeat((MAX_DETAILS_BYTES - 47) / 2) };
    const longest = { ...BODY, quantity: 4, details, pin: "12345678" };
    expect((await counter.order(longest, counter.token(account))).status).toBe(202);
    const [order] = await counter.logged();
    expect(await counter.opened(order!)).toEqual({ account, details, pin: "12345678" });
    const { status, body } = await counter.order(longest, counter.token(`${account}a`));
    expect([status, body["code"]]).toEqual([403, "forbidden"]);
  });

  test("is refused before a product is offered, and after it is withdrawn", async () => {
    const counter = await Counter.open();
    counters.push(counter);
    await counter.showKey();
    expect((await counter.order(BODY)).body["code"]).toBe("not_offered");
    await counter.command("products/shirt/offer");
    await counter.command("products/shirt/withdraw");
    expect((await counter.order(BODY)).body["code"]).toBe("not_offered");
    expect((await counter.command("products/shirt/offer")).body["code"]).toBe("product_state");
  });

  test("is refused until an order processor has shown its key", async () => {
    const counter = await Counter.open();
    counters.push(counter);
    await counter.command("products/shirt/offer");
    const { status, body } = await counter.order(BODY);
    expect([status, body["code"], body["retry_after_s"]]).toEqual([503, "orders_unavailable", 2]);
  });

  test("is refused by an edge that drains, and by a bucket that is empty", async () => {
    const counter = await opened([aProduct()], { ordersPerReceiver: { burst: 2, perSecond: 0.01 } });
    await counter.until(counter.lone.edge.drain());
    expect((await counter.order(BODY)).body["code"]).toBe("draining");
    expect((await counter.order(BODY)).body["code"]).toBe("draining");
    expect((await counter.order(BODY)).body["code"]).toBe("rate_limited");
    expect((await counter.order(BODY, counter.token("bob"))).body["code"]).toBe("draining");
  });

  test("survives the edge's end: the next boot knows it", async () => {
    const disk = new MemoryDisk();
    const world = new ManualWorld();
    const lone = await startLoneEdge(world, disk);
    await createShow(lone, [], [aProduct()]);
    const counter = new Counter(lone);
    await counter.showKey();
    await counter.command("products/shirt/offer");
    const { body } = await counter.order(BODY);
    lone.edge.stop();
    const next = await startLoneEdge(world, disk);
    await pass(world, 200);
    const after = new Counter(next);
    counters.push(after);
    expect((await after.order(BODY)).body).toMatchObject({ id: body["id"], state: "received" });
    expect(await after.logged()).toHaveLength(1);
  });
});

describe("an order of a product that is confirmed with a PIN", () => {
  const products = [aProduct(), aProduct({ id: "ticket", confirmation: "pin" })];
  const TICKET = { ...BODY, product: "ticket", quantity: 1 };
  const WITH_PIN = { ...TICKET, pin: "4711" };
  const keyOf = (i: number) => KEY.replace(/^./, String(i));
  /** Tries a PIN that the provider finds wrong. */
  const tryWrong = async (counter: Counter, i: number) => {
    const { status, body } = await counter.order({ ...WITH_PIN, key: keyOf(i) });
    const id = String(body["id"]);
    if (status === 202) await counter.outcome({ id, step: 2, state: "rejected", reason: PIN_WRONG });
    return status;
  };

  test.each([
    ["none", TICKET, 422, "pin_required"],
    ["none but in the details", { ...TICKET, details: { pin: "4711" } }, 422, "pin_required"],
    ["an empty one", { ...TICKET, pin: "" }, 400, "malformed"],
    ["three digits", { ...TICKET, pin: "123" }, 400, "malformed"],
    ["nine digits", { ...TICKET, pin: "123456789" }, 400, "malformed"],
    ["letters", { ...TICKET, pin: "abcd" }, 400, "malformed"],
  ])("is refused with %s, and nothing is logged", async (_what, json, status, code) => {
    const counter = await opened(products);
    const answer = await counter.order(json);
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
    expect(await counter.logged()).toEqual([]);
  });

  test("carries it to the order processor alone, and of a product that takes none it is not kept", async () => {
    const counter = await opened(products);
    expect((await counter.order(WITH_PIN)).status).toBe(202);
    expect((await counter.order({ ...BODY, key: OTHER_KEY, pin: "4711" })).status).toBe(202);
    const [ticket, shirt] = await counter.logged();
    expect(await counter.opened(ticket!)).toEqual({ account: "ada", details: BODY.details, pin: "4711" });
    expect(await counter.opened(shirt!)).toEqual({ account: "ada", details: BODY.details });
    expect(ticket!.digest).toBe(orderDigest(TICKET));
  });

  test("is known again without it: no set has to keep a PIN for a retry", async () => {
    const counter = await opened(products);
    const { body } = await counter.order(WITH_PIN);
    for (const retry of [TICKET, { ...TICKET, pin: "0000" }])
      expect(await counter.order(retry)).toMatchObject({ status: 202, body: { id: body["id"] } });
    expect(await counter.logged()).toHaveLength(1);
  });

  test("is refused after so many wrong ones, for as long as they are held against the receiver", async () => {
    const counter = await opened(products, { ordersPerReceiver: { burst: 100, perSecond: 1 } });
    for (let i = 1; i <= MAX_PIN_TRIES; i++) expect(await tryWrong(counter, i)).toBe(202);
    const blocked = await counter.order({ ...WITH_PIN, key: keyOf(8) });
    expect([blocked.status, blocked.body["code"]]).toEqual([429, "pin_blocked"]);
    expect(Number(blocked.body["retry_after_s"])).toBeGreaterThan(PIN_PAUSE_MS / 1000 - 60);
    expect((await counter.order({ ...WITH_PIN, key: keyOf(8) }, counter.token("bob"))).status).toBe(202);
    expect((await counter.order({ ...BODY, key: keyOf(8) })).status).toBe(202);
    counter.lone.world.advance(PIN_PAUSE_MS);
    expect((await counter.order({ ...WITH_PIN, key: keyOf(9) })).status).toBe(202);
  });

  test("is refused while so many are undecided, also at the same moment", async () => {
    const counter = await opened(products, { ordersPerReceiver: { burst: 100, perSecond: 1 } });
    const guesses = [1, 2, 3, 4, 5, 6].map((i) => counter.order({ ...WITH_PIN, key: keyOf(i), pin: `000${i}` }));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(MAX_PIN_TRIES);
    expect(statuses.filter((status) => status === 429)).toHaveLength(6 - MAX_PIN_TRIES);
    const [order] = await counter.logged();
    expect((await counter.order({ ...WITH_PIN, key: keyOf(7) })).body["retry_after_s"]).toBe(2);
    await counter.outcome({ id: order!.id, step: 2, state: "confirmed" });
    expect((await counter.order({ ...WITH_PIN, key: keyOf(7) })).status).toBe(202);
  });
});

describe("what becomes of an order", () => {
  test("is told once it is known here, also where an earlier batch of the processor comes later", async () => {
    const counter = await opened();
    const socket = await greeted(counter, "ada");
    await counter.order(BODY);
    const { id, digest } = (await counter.logged())[0]!;
    const outcome = anOutcome({ id, digest, ...counter.receiver(), state: "confirmed" });
    const processor = new ChainOfBatches({ shard: 0, edge: "orders", boot: "00000000000000c1" });
    const first = processor.outcomes([anOutcome({ id: "0c".repeat(16) })]);
    const second = processor.outcomes([outcome]);
    const told = () => socket.take().flatMap((message) => (message.type === "order" ? [message["state"]] : []));
    for (const bytes of [second, first]) await counter.until(replicaOf(counter.lone).take([bytes], "orders"));
    expect(told()).toEqual(["received", "confirmed"]);
  });

  test("is pushed to its receiver and to nobody else", async () => {
    const counter = await opened();
    const sockets = await Promise.all(["ada", "bob"].map((subject) => greeted(counter, subject)));
    const { body } = await counter.order(BODY);
    const id = String(body["id"]);
    await counter.outcome({ id });
    await counter.outcome({ id, step: 2, state: "confirmed" });
    await counter.outcome({ id, step: 2, state: "confirmed" });
    const told = sockets.map((socket) => socket.take().filter(({ type }) => type === "order"));
    expect(told[0]!.map(({ state, step }) => [state, step])).toEqual([
      ["received", 0],
      ["reserved", 1],
      ["confirmed", 2],
      ["confirmed", 2],
    ]);
    expect(told[0]![3]).toMatchObject({ id, total: 5980, reason: "" });
    expect(told[1]).toEqual([]);
    const mine = await counter.ask("GET", `/v1/shows/${SHOW}/orders/mine`, counter.token());
    expect(mine.body).toMatchObject({ orders: [{ id, state: "confirmed", step: 2 }] });
  });

  test("is what a retry is told, and producers count", async () => {
    const counter = await opened();
    const id = String((await counter.order(BODY)).body["id"]);
    await counter.order({ ...BODY, key: OTHER_KEY });
    await counter.outcome({ id, step: 2, state: "rejected", reason: "sold-out" });
    expect((await counter.order(BODY)).body).toMatchObject({ state: "rejected", reason: "sold-out" });
    const { body } = await counter.read(`/v1/shows/${SHOW}/selling`);
    expect(body).toMatchObject({ orders: { received: 1, rejected: 1, confirmed: 0 }, stuck: [] });
    expect(body).toMatchObject({ products: [{ id: "shirt", state: "offered", price: 2990, stock: 100 }] });
  });
});

describe("an operator", () => {
  test("decides about orders that are stuck, with an audit entry", async () => {
    const counter = await opened();
    const id = String((await counter.order(BODY)).body["id"]);
    expect((await counter.command(`decisions/${id}`, { decision: "retry" })).body["code"]).toBe("order_state");
    counter.shop.setStuck({ order: id, product: "shirt", quantity: 2, reason: "no-answer", at: 5 });
    expect((await counter.command(`decisions/${id}`, { decision: "retry" }, "operator")).status).toBe(403);
    expect((await counter.command(`decisions/${id}`, { decision: "retry" })).status).toBe(200);
    const selling = await counter.read(`/v1/shows/${SHOW}/selling`);
    expect(selling.body).toMatchObject({ stuck: [{ order: id, reason: "no-answer", decision: "retry" }] });
    // Stuck again: what was decided before is over.
    const at = counter.lone.world.time + 1000;
    counter.shop.setStuck({ order: id, product: "shirt", quantity: 2, reason: "no-answer", at });
    const again = await counter.read(`/v1/shows/${SHOW}/selling`);
    expect(again.body["stuck"]).toEqual([{ order: id, product: "shirt", quantity: 2, reason: "no-answer", at }]);
    const { body } = await counter.read(`/v1/shows/${SHOW}/audit`, "viewer");
    expect(body["audit"]).toContainEqual(expect.objectContaining({ action: "order.retry", target: id }));
    expect(body["audit"]).toContainEqual(expect.objectContaining({ action: "product.offer", target: "shirt" }));
  });

  test("is told of an order that is not there, and of one that is over", async () => {
    const counter = await opened();
    const id = String((await counter.order(BODY)).body["id"]);
    expect((await counter.command("decisions/nothing", { decision: "cancel" })).body["code"]).toBe("unknown_order");
    await counter.outcome({ id, state: "rejected", reason: "sold-out" });
    expect((await counter.command(`decisions/${id}`, { decision: "cancel" })).body["code"]).toBe("order_state");
  });
});

test("receivers are told what is on offer, and when that changes", async () => {
  const counter = await Counter.open();
  counters.push(counter);
  const socket = await greeted(counter, "ada");
  const offered = () => counter.ask("GET", `/v1/shows/${SHOW}/products`, "");
  expect((await offered()).body).toEqual({ products: [] });
  await counter.command("products/shirt/offer");
  expect((await offered()).body).toMatchObject({ products: [{ id: "shirt", most_at_once: 4, confirmation: "press" }] });
  await pass(counter.lone.world, 600);
  const told = socket.take().filter(({ type }) => type === "content");
  expect(told.at(-1)).toMatchObject({ products: [{ id: "shirt", availability: "available" }] });
});

test("receivers are told when stock runs low and out, and nothing of the sales in between", async () => {
  const counter = await opened([aProduct({ stock: 100 })]);
  const socket = await greeted(counter, "ada");
  const sold = async (left: number) => {
    socket.take();
    const products = { shirt: { left, reserved: 0, confirmed: 100 - left } };
    counter.shop.setSales("orders", { at: counter.lone.world.time, products });
    await pass(counter.lone.world, 600);
    return socket.take().filter(({ type }) => type === "content");
  };
  expect(await sold(99)).toEqual([]);
  expect(await sold(11)).toEqual([]);
  expect(await sold(10)).toMatchObject([{ products: [{ availability: "few" }] }]);
  expect(await sold(1)).toEqual([]);
  expect(await sold(0)).toMatchObject([{ products: [{ availability: "sold-out" }] }]);
});

test("an order's digest is another under another key: nobody can try out addresses against it", () => {
  expect(orderDigest(BODY)).not.toBe(orderDigest({ ...BODY, key: OTHER_KEY }));
});

test("an order's id depends on show, receiver and key, each alone", () => {
  const [one, other] = [
    { hi: 1, lo: 2 },
    { hi: 1, lo: 3 },
  ];
  const ids = [orderId("a", one, KEY), orderId("b", one, KEY), orderId("a", other, KEY), orderId("a", one, OTHER_KEY)];
  expect(new Set(ids).size).toBe(4);
  expect(hexToBytes(ids[0]!)).toHaveLength(16);
});

async function greeted(counter: Counter, subject: string): Promise<TestSocket> {
  const request = new Request(`http://edge.test/v1/shows/${SHOW}/live`, { headers: { Upgrade: "websocket" } });
  await counter.app.fetch(request);
  const socket = counter.sockets.at(-1)!;
  socket.say({ type: "hello", token: counter.token(subject) });
  return socket;
}
