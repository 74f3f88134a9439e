// What a network that sells is made of: two edges, two order processors over one database, and a provider that fails.
import { generateKeyPairSync } from "node:crypto";
import type { Dice } from "../../edge/cli/audience/dice.ts";
import { planNetwork, RECORDER, type NetworkPlan } from "../../edge/cli/network/plan.ts";
import { freePorts } from "../../edge/cli/network/ports.ts";
import type { Mood } from "./provider.ts";

export const EDGES = ["fra", "nyc"];
export const PROCESSORS = ["orders-a", "orders-b"];
const HOST = "127.0.0.1";

export interface ShopPlan {
  readonly provider: { readonly url: string; readonly secret: string };
  /** A libSQL server's URL. */
  readonly books: string;
}

/** Two in five calls of an order's first three go wrong, one way or another. */
export function moodBy(dice: Dice): (reference: string, call: number) => Mood {
  const wrong: readonly Mood[] = ["failing", "done and failing", "done and gone", "babbling", "twice", "late"];
  return (_reference, call) => {
    if (call > 3 || dice.next() > 0.4) return "well";
    // Those that hold an order up for seconds are rarer.
    if (dice.next() < 0.02) return "done and silent";
    return wrong[dice.below(dice.next() < 0.05 ? wrong.length : wrong.length - 1)]!;
  };
}

export async function planShop({ provider, books }: ShopPlan): Promise<NetworkPlan> {
  const ports = await freePorts(EDGES.length * 2 + PROCESSORS.length);
  const edges = EDGES.map((name, i) => ({
    name,
    region: name,
    publicHost: HOST,
    backboneHost: HOST,
    ports: { public: ports[i * 2]!, backbone: ports[i * 2 + 1]! },
  }));
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "der", type: "pkcs8" });
  const orders = { provider, keys: [key.toString("hex")], books };
  const processors = PROCESSORS.map((name, i) => ({
    name,
    role: "orders" as const,
    store: `file:${name}.db`,
    listen: { host: HOST, status: ports[EDGES.length * 2 + i]! },
    settings: { orders },
  }));
  return planNetwork({
    edges,
    processes: [RECORDER, ...processors],
    ports: { public: ports[0]!, backbone: ports[1]! },
  });
}
