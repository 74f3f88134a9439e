import { receiverHex } from "../../crdt/receiver.ts";
import type { Product, ProductSales, StuckOrder } from "../../crdt/shop.ts";
import type { OutcomeState } from "../../crdt/order.ts";
import { blob, integer, text } from "../../crdt/store/libsql-column.ts";
import type { Database, InStatement, Row } from "../../crdt/store/libsql-database.ts";
import type { Migration } from "../../crdt/store/libsql-migrate.ts";
import type { BookedOrder, Ending, OrderBooks, PricedOrder, Task, Untold } from "./books.ts";

/**
 * Applied in this order and never changed afterwards. An order's state is "new" within the transaction that takes it
 * only. `step` is the last of its outcomes, `told` the last that the ledger has: between the two is the outbox to the
 * receiver. `order_tasks` is the outbox to the provider.
 */
export const ORDER_MIGRATIONS: readonly Migration[] = [
  {
    name: "orders",
    statements: [
      `CREATE TABLE stock (
        show TEXT NOT NULL,
        product TEXT NOT NULL,
        left INTEGER NOT NULL CHECK (left >= 0),
        PRIMARY KEY (show, product)
      ) STRICT`,
      `CREATE TABLE orders (
        id TEXT NOT NULL PRIMARY KEY,
        show TEXT NOT NULL,
        receiver TEXT NOT NULL,
        product TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        digest TEXT NOT NULL,
        total INTEGER NOT NULL,
        currency TEXT NOT NULL,
        envelope BLOB NOT NULL,
        ordered_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('new', 'reserved', 'confirmed', 'rejected', 'cancelled')),
        reason TEXT NOT NULL DEFAULT '',
        step INTEGER NOT NULL DEFAULT 0,
        told INTEGER NOT NULL DEFAULT 0,
        decided_at INTEGER NOT NULL DEFAULT 0
      ) STRICT`,
      "CREATE INDEX orders_untold ON orders (show) WHERE told < step",
      "CREATE INDEX orders_by_product ON orders (show, product, state)",
      `CREATE TABLE order_tasks (
        id TEXT NOT NULL PRIMARY KEY REFERENCES orders (id),
        show TEXT NOT NULL,
        action TEXT NOT NULL CHECK (action IN ('charge', 'refund')),
        since INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        fence INTEGER NOT NULL DEFAULT 0,
        claimed_until INTEGER NOT NULL DEFAULT 0,
        stuck TEXT,
        stuck_at INTEGER
      ) STRICT`,
      "CREATE INDEX order_tasks_due ON order_tasks (show, due_at) WHERE stuck IS NULL",
    ],
  },
];

/**
 * Lets go of every claim. For books in a file, which one process has to itself: whoever held them was killed, and its
 * orders need not wait until the claims run out.
 */
export async function releaseClaims(database: Database): Promise<void> {
  await database.write("letting go of claims", [
    { sql: "UPDATE order_tasks SET claimed_until = 0 WHERE claimed_until > 0", args: [] },
  ]);
}

/** In the permanent database, which other processors may share where it is a server's. */
export class LibsqlBooks implements OrderBooks {
  readonly #database: Database;

  /** `database` has `ORDER_MIGRATIONS`. */
  constructor(database: Database) {
    this.#database = database;
  }

  async shelve(show: string, products: readonly Product[]): Promise<void> {
    const statements = products.map(({ id, stock }) => ({ sql: SHELVE, args: [show, id, stock] }));
    await this.#database.write(`shelving products of "${show}"`, statements);
  }

  async take(show: string, orders: readonly PricedOrder[]): Promise<void> {
    await this.#database.write(
      `taking orders of "${show}"`,
      orders.flatMap((order) => takeStatements(show, order)),
    );
  }

  async claim(show: string, now: number, until: number, most: number): Promise<Task[]> {
    const doing = `claiming orders of "${show}"`;
    const claimed = await this.#database.writeReturning(doing, CLAIM, [until, show, now, most]);
    if (claimed.length === 0) return [];
    const ids = JSON.stringify(claimed.map(({ id }) => text(id)));
    const rows = await this.#database.read(CLAIMED, [ids]);
    const orders = new Map(rows.map((row) => [text(row.id), row]));
    return claimed.map((row) => taskOf(row, orders.get(text(row.id))!));
  }

  async nextDue(show: string): Promise<number | undefined> {
    const [row] = await this.#database.read(NEXT_DUE, [show]);
    return row?.due == null ? undefined : integer(row.due);
  }

  async end({ order, fence, quantity, product }: Task, { state, reason }: Ending): Promise<void> {
    const giveBack = { sql: GIVE_BACK, args: [quantity, product, order, fence] };
    await this.#database.write(`ending order ${order}`, [
      ...(state === "confirmed" ? [] : [giveBack]),
      { sql: END, args: [state, reason, order, fence] },
      { sql: DROP_TASK, args: [order, fence] },
    ]);
  }

  async postpone({ order, fence }: Task, due: number): Promise<void> {
    await this.#database.write(`postponing order ${order}`, [{ sql: POSTPONE, args: [due, order, fence] }]);
  }

  async layAside({ order, fence }: Task, reason: string, at: number): Promise<void> {
    await this.#database.write(`laying order ${order} aside`, [{ sql: LAY_ASIDE, args: [reason, at, order, fence] }]);
  }

  async decide(show: string, order: string, decision: "cancel" | "retry", at: number): Promise<boolean> {
    if ((await this.#database.read("SELECT 1 FROM orders WHERE id = ?", [order])).length === 0) return false;
    const statements = decision === "retry" ? [RETRY] : [TURN_TO_REFUND, ADD_REFUND];
    await this.#database.write(
      `deciding order ${order} of "${show}"`,
      [...statements, DECIDED].map((sql) => ({ sql, args: [at, order] })),
    );
    return true;
  }

  async untold(show: string, most: number): Promise<Untold[]> {
    return (await this.#database.read(UNTOLD, [show, most])).map(untoldOf);
  }

  async told(outcomes: readonly Untold[]): Promise<void> {
    const steps = JSON.stringify(outcomes.map(({ order, step }) => ({ order, step })));
    await this.#database.write("noting what receivers were told", [{ sql: TOLD, args: [steps] }]);
  }

  async sales(show: string): Promise<Record<string, ProductSales>> {
    const rows = await this.#database.read(SALES, [show]);
    return Object.fromEntries(
      rows.map(({ product, left, reserved, confirmed }) => [
        text(product),
        { left: integer(left), reserved: integer(reserved), confirmed: integer(confirmed) },
      ]),
    );
  }

  async stuck(show: string): Promise<StuckOrder[]> {
    return (await this.#database.read(STUCK, [show])).map((row) => ({
      order: text(row.id),
      product: text(row.product),
      quantity: integer(row.quantity),
      reason: text(row.stuck),
      at: integer(row.stuck_at),
    }));
  }

  async orders(show: string): Promise<BookedOrder[]> {
    return (await this.#database.read(ORDERS, [show])).map((row) => ({
      order: text(row.id),
      product: text(row.product),
      quantity: integer(row.quantity),
      total: integer(row.total),
      currency: text(row.currency),
      state: stateOf(row.state),
      reason: text(row.reason),
      at: integer(row.ordered_at),
    }));
  }
}

/** The row first; then the stock for it, if it is new; then what that came to; then the task, if there is stock. */
function takeStatements(show: string, { order, total, currency }: PricedOrder): InStatement[] {
  const { id, product, quantity, digest, envelope, time } = order;
  const receiver = receiverHex(order);
  return [
    { sql: ADD, args: [id, show, receiver, product, quantity, digest, total, currency, envelope, time] },
    { sql: RESERVE, args: [quantity, show, product, id] },
    { sql: SETTLE, args: [id] },
    { sql: ADD_CHARGE, args: [id] },
  ];
}

function taskOf(claim: Row, order: Row): Task {
  return {
    order: text(claim.id),
    action: text(claim.action) === "refund" ? "refund" : "charge",
    tries: integer(claim.tries),
    fence: integer(claim.fence),
    since: integer(claim.since),
    product: text(order.product),
    quantity: integer(order.quantity),
    total: integer(order.total),
    currency: text(order.currency),
    envelope: blob(order.envelope),
  };
}

function untoldOf(row: Row): Untold {
  const receiver = text(row.receiver);
  return {
    order: text(row.id),
    digest: text(row.digest),
    hi: parseInt(receiver.slice(0, 8), 16),
    lo: parseInt(receiver.slice(8), 16),
    step: integer(row.step),
    state: stateOf(row.state),
    reason: text(row.reason),
  };
}

/** As the table's own check has it. */
function stateOf(value: Row[string] | undefined): OutcomeState {
  const state = text(value);
  if (state === "reserved" || state === "confirmed" || state === "rejected" || state === "cancelled") return state;
  throw new TypeError(`reading an order: got state "${state}"`);
}

const SHELVE = "INSERT INTO stock (show, product, left) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
const ADD = `
  INSERT INTO orders (id, show, receiver, product, quantity, digest, total, currency, envelope, ordered_at, state)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new') ON CONFLICT DO NOTHING`;
const RESERVE = `
  UPDATE stock SET left = left - ?1 WHERE show = ?2 AND product = ?3 AND left >= ?1
  AND EXISTS (SELECT 1 FROM orders WHERE id = ?4 AND state = 'new')`;
/** changes() is the count of the statement before. */
const SETTLE = `
  UPDATE orders SET step = 1,
    state = CASE changes() WHEN 1 THEN 'reserved' ELSE 'rejected' END,
    reason = CASE changes() WHEN 1 THEN '' ELSE 'sold-out' END
  WHERE id = ? AND state = 'new'`;
const ADD_CHARGE = `
  INSERT INTO order_tasks (id, show, action, since, due_at)
  SELECT id, show, 'charge', ordered_at, 0 FROM orders WHERE id = ? AND state = 'reserved'
  ON CONFLICT DO NOTHING`;
const CLAIM = `
  UPDATE order_tasks SET fence = fence + 1, tries = tries + 1, claimed_until = ?1 WHERE id IN (
    SELECT id FROM order_tasks WHERE show = ?2 AND stuck IS NULL AND due_at <= ?3 AND claimed_until <= ?3
    ORDER BY due_at LIMIT ?4)
  RETURNING id, action, tries, fence, since`;
const CLAIMED = `
  SELECT id, product, quantity, total, currency, envelope FROM orders
  WHERE id IN (SELECT value FROM json_each(?))`;
const NEXT_DUE = `
  SELECT min(max(due_at, claimed_until)) AS due FROM order_tasks WHERE show = ? AND stuck IS NULL`;
const MINE = "EXISTS (SELECT 1 FROM order_tasks WHERE order_tasks.id = orders.id AND fence = ?4)";
const GIVE_BACK = `
  UPDATE stock SET left = left + ?1 WHERE product = ?2 AND show = (
    SELECT show FROM orders WHERE id = ?3 AND state IN ('reserved', 'confirmed') AND ${MINE})`;
const END = `
  UPDATE orders SET state = ?1, reason = ?2, step = step + 1
  WHERE id = ?3 AND state IN ('reserved', 'confirmed') AND ${MINE}`;
const DROP_TASK = "DELETE FROM order_tasks WHERE id = ? AND fence = ?";
const POSTPONE = "UPDATE order_tasks SET due_at = ?1, claimed_until = 0 WHERE id = ?2 AND fence = ?3";
const LAY_ASIDE = "UPDATE order_tasks SET stuck = ?1, stuck_at = ?2, claimed_until = 0 WHERE id = ?3 AND fence = ?4";
const UNDECIDED = "EXISTS (SELECT 1 FROM orders WHERE orders.id = order_tasks.id AND decided_at < ?1)";
const RETRY = `
  UPDATE order_tasks SET stuck = NULL, stuck_at = NULL, tries = 1, since = ?1, due_at = 0
  WHERE id = ?2 AND stuck IS NOT NULL AND ${UNDECIDED}`;
/** What is under way keeps its claim's time, and loses its fence: its charge comes before the refund, or never. */
const TURN_TO_REFUND = `
  UPDATE order_tasks SET action = 'refund', stuck = NULL, stuck_at = NULL, tries = 0, since = ?1, due_at = 0,
    fence = fence + 1
  WHERE id = ?2 AND action = 'charge' AND ${UNDECIDED}`;
const ADD_REFUND = `
  INSERT INTO order_tasks (id, show, action, since, due_at)
  SELECT id, show, 'refund', ?1, 0 FROM orders WHERE id = ?2 AND state = 'confirmed' AND decided_at < ?1
  ON CONFLICT DO NOTHING`;
const DECIDED = "UPDATE orders SET decided_at = ?1 WHERE id = ?2 AND decided_at < ?1";
const UNTOLD = `
  SELECT id, digest, receiver, step, state, reason FROM orders WHERE show = ? AND told < step LIMIT ?`;
const TOLD = `
  UPDATE orders SET told = max(orders.told, its.step) FROM (
    SELECT value ->> 'order' AS id, value ->> 'step' AS step FROM json_each(?)) AS its
  WHERE orders.id = its.id`;
const SALES = `
  SELECT product, left,
    (SELECT coalesce(sum(quantity), 0) FROM orders o
      WHERE o.show = s.show AND o.product = s.product AND state = 'reserved') AS reserved,
    (SELECT coalesce(sum(quantity), 0) FROM orders o
      WHERE o.show = s.show AND o.product = s.product AND state = 'confirmed') AS confirmed
  FROM stock s WHERE show = ?`;
const STUCK = `
  SELECT t.id, product, quantity, stuck, stuck_at FROM order_tasks t JOIN orders o ON o.id = t.id
  WHERE t.show = ? AND stuck IS NOT NULL ORDER BY stuck_at`;
const ORDERS = `
  SELECT id, product, quantity, total, currency, state, reason, ordered_at FROM orders
  WHERE show = ? ORDER BY ordered_at, id`;
