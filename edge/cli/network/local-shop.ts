import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { NetworkWish } from "./plan.ts";

/** Ports of what sells on one machine, of their /healthz: the provider's is also where charges go. */
export interface ShopPorts {
  readonly orders: number;
  readonly provider: number;
}

export const DEFAULT_SHOP_PORTS: ShopPorts = { orders: 9207, provider: 9208 };
const HOST = "127.0.0.1";

/** Within the network's folder: a line of JSON a booking. */
export const DEMO_PROVIDER_BOOKS = "demo-provider.jsonl";

/** What sells on one machine: an order processor over a file, and a payment provider for demonstrations. */
export function localShop({ orders, provider }: ShopPorts): Required<Pick<NetworkWish, "processes" | "programs">> {
  const secret = randomBytes(32).toString("hex");
  const url = `http://${HOST}:${provider}`;
  return {
    processes: [
      {
        name: "orders",
        role: "orders",
        store: "file:orders.db",
        listen: { host: HOST, status: orders },
        settings: { orders: { provider: { url, secret }, keys: [newEnvelopeKey()] } },
      },
    ],
    programs: [
      {
        name: "demo-provider",
        entry: "edge/runtime/demo-provider.ts",
        secret: false,
        status: url,
        config: { listen: { host: HOST, port: provider }, books: DEMO_PROVIDER_BOOKS, secret },
      },
    ],
  };
}

/** As `redbutton orders key` makes one. */
export function newEnvelopeKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ format: "der", type: "pkcs8" }).toString("hex");
}
