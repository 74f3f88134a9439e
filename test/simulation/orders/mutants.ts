import type { Patch } from "../hooks.ts";

/** Ways in which others charge twice, or never, or sell what is not there. Each has to be caught. */
export interface OrderMutant {
  readonly name: string;
  readonly why: string;
  readonly patches: readonly Patch[];
}

const COURIER = "monitor/orders/courier.ts";
const BOOKS = "monitor/orders/libsql-books.ts";

export const ORDER_MUTANTS: readonly OrderMutant[] = [
  {
    name: "a new key a try",
    why: "the provider cannot know that it has charged this order already",
    patches: [
      {
        file: COURIER,
        find: "return provider.charge({\n      reference,",
        replace: "return provider.charge({\n      reference: `${reference}-${task.tries}`,",
      },
    ],
  },
  {
    name: "claim then send",
    why: "who dies between its claim and its call leaves a claim that nobody fulfils",
    patches: [{ file: BOOKS, find: "claimed_until = ?1 WHERE", replace: "claimed_until = ?1 + 9000000000000 WHERE" }],
  },
  {
    name: "confirmed before it is sent",
    why: "what is said to be charged may never be",
    patches: [
      {
        file: COURIER,
        find: "const ending = endingOf(task, await this.#ask(task, personal));",
        replace:
          'if (task.action === "charge") await books.end(task, { state: "confirmed", reason: "" });\n      const ending = endingOf(task, await this.#ask(task, personal));',
      },
    ],
  },
  {
    name: "unknown is failed",
    why: "an answer that was lost may have been that the money is taken",
    patches: [
      {
        file: COURIER,
        find: "else await books.postpone(task, now + pauseAfter(task.tries, member.world.random));",
        replace: 'else await books.end(task, { state: "rejected", reason: "no-answer" });',
      },
    ],
  },
  {
    name: "stock check then act",
    why: "two processors that look at once both see the last piece",
    patches: [
      { file: BOOKS, find: "CHECK (left >= 0)", replace: "" },
      { file: BOOKS, find: "AND left >= ?1\n", replace: "\n" },
      {
        file: BOOKS,
        find: "orders.flatMap((order) => takeStatements(show, order)),",
        replace: `orders.flatMap((order) => {
        const { id, product, quantity } = order.order;
        const isNew = !known.has(id);
        known.add(id);
        const fits = (left[product] ?? 0) >= quantity;
        if (isNew && fits) left[product] -= quantity;
        const statements = takeStatements(show, order);
        return fits ? statements : [statements[0]!, { sql: "UPDATE orders SET quantity = quantity WHERE 0", args: [] }, ...statements.slice(2)];
      }),`,
      },
      {
        file: BOOKS,
        find: "async take(show: string, orders: readonly PricedOrder[]): Promise<void> {",
        replace: `async take(show: string, orders: readonly PricedOrder[]): Promise<void> {
    const sales = await this.sales(show);
    const left = Object.fromEntries(Object.entries(sales).map(([product, its]) => [product, its.left]));
    const known = new Set((await this.orders(show)).map(({ order }) => order));`,
      },
    ],
  },
  {
    name: "order without outbox",
    why: "who dies between the order's commit and its task's leaves an order that nobody brings to the provider",
    patches: [
      {
        file: BOOKS,
        find: "    await this.#database.write(\n      `taking orders of",
        replace:
          "    const known = new Set((await this.orders(show)).map(({ order }) => order));\n    await this.#database.write(\n      `taking orders of",
      },
      {
        file: BOOKS,
        find: "takeStatements(show, order)),\n    );",
        replace: `takeStatements(show, order).slice(0, 3)),
    );
    const added = orders.filter(({ order }) => !known.has(order.id));
    await this.#database.write("adding tasks", added.map(({ order }) => ({ sql: ADD_CHARGE, args: [order.id] })));`,
      },
    ],
  },
  {
    name: "claim without fence",
    why: "who was stopped and wakes ends an order that is to be refunded by now",
    patches: [
      {
        file: BOOKS,
        find: "EXISTS (SELECT 1 FROM order_tasks WHERE order_tasks.id = orders.id AND fence = ?4)",
        replace: "?4 > 0",
      },
      {
        file: BOOKS,
        find: "DELETE FROM order_tasks WHERE id = ? AND fence = ?",
        replace: "DELETE FROM order_tasks WHERE id = ? AND ? > 0",
      },
    ],
  },
  {
    name: "told before it is committed",
    why: "a confirmation that the database never got cannot be taken back",
    patches: [
      {
        file: COURIER,
        find: "else await books.end(task, ending);",
        replace: `else {
        const { member } = this.#options;
        const { fold, writer } = member.replica(this.#show)!.shard(0);
        const known = fold.orders.get(task.order);
        const told = known && { ...known.order, id: task.order, ...ending, step: known.step + 1, time: member.clock.now() };
        if (told) await writer.writeOutcome(told);
        await books.end(task, ending);
      }`,
      },
    ],
  },
  {
    name: "outcomes not compared",
    why: "edges hear them in different orders, and the last one that came would stand",
    patches: [
      {
        file: "crdt/order-book.ts",
        find: "if (!entry.outcome || isAfter(outcome, entry.outcome)) entry.outcome",
        replace: "entry.outcome",
      },
    ],
  },
  {
    name: "one key, any body",
    why: "an answer about another order than was asked for",
    patches: [{ file: "edge/order-desk.ts", find: "if (earlier !== digest) return conflict(id);", replace: "" }],
  },
  {
    name: "the first order stands",
    why: "of two under one key edges would show one, and the processor charge the other",
    patches: [
      {
        file: "crdt/order-book.ts",
        find: "const placed = outcome ? orders.get(outcome.digest) : firstOf(orders);",
        replace: "const placed = firstOf(orders);",
      },
    ],
  },
  {
    name: "the price is the receiver's",
    why: "a hostile receiver names its own",
    patches: [
      {
        file: COURIER,
        find: "quantity,\n      amount,",
        replace: 'quantity,\n      amount: Number(details["amount"]),',
      },
    ],
  },
];
