import { Command } from "commander";
import { timeSpan } from "./arguments.ts";
import { withShow } from "./target-options.ts";

/** `redbutton orders …`: what a show sells, and what becomes of its orders. */
export function ordersCommand(): Command {
  const orders = new Command("orders").description("orders: what a show sells, and what becomes of it");
  withShow(orders.command("list"))
    .description("list products with their stock, and orders by state")
    .action(async (options) => (await import("./orders.ts")).listOrders(options));
  withShow(orders.command("stuck"))
    .description("list orders that wait for an operator")
    .action(async (options) => (await import("./orders.ts")).listStuck(options));
  withShow(orders.command("report"))
    .description("compare the order processor's books with the provider's, to the cent")
    .action(async (options) => (await import("./orders.ts")).reportOrders(options));
  withShow(orders.command("verify"))
    .description("compare what buyers were told with the database, the provider's books and every edge, to the cent")
    .option("--wait <time>", "how long edges may take to catch up", timeSpan)
    .action(async (options) => (await import("./orders.ts")).verifyOrders(options));
  for (const command of ["offer", "withdraw"] as const)
    withShow(orders.command(`${command} <product>`))
      .description(command === "offer" ? "put a product on sale" : "take a product off sale for good")
      .action(async (product, options) => (await import("./orders.ts")).commandProduct(command, product, options));
  for (const decision of ["retry", "cancel"] as const)
    withShow(orders.command(`${decision} <order>`))
      .description(decision === "retry" ? "ask the provider again" : "give an order up, with its money back")
      .action(async (order, options) => (await import("./orders.ts")).decideOrder(decision, order, options));
  orders
    .command("key")
    .description("make an envelope key for an order processor's configuration")
    .action(async () => (await import("./orders.ts")).printEnvelopeKey());
  return orders;
}
