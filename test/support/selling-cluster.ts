// A network that sells: edges, a recorder, an order processor, and the provider that it asks, all real.
import { generateKeyPairSync } from "node:crypto";
import { Cluster } from "./cluster.ts";
import { TestProvider, type ProviderWish } from "./provider.ts";
import { soon } from "./soon.ts";

const SECRET = "the provider's secret";

export class SellingCluster {
  readonly cluster: Cluster;
  readonly provider: TestProvider;

  static async start(wish: Omit<ProviderWish, "secret"> = {}): Promise<SellingCluster> {
    const provider = await TestProvider.start({ secret: SECRET, ...wish });
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "der", type: "pkcs8" });
    const orders = { provider: { url: provider.url, secret: SECRET }, keys: [key.toString("hex")] };
    const processor = { name: "orders", role: "orders", store: "file:orders.db", settings: { orders } } as const;
    const cluster = await Cluster.start({ processes: [processor] });
    return new SellingCluster(cluster, provider);
  }

  private constructor(cluster: Cluster, provider: TestProvider) {
    this.cluster = cluster;
    this.provider = provider;
  }

  /** Puts products on sale; every edge sells them, and the processor has its key shown, when this resolves. */
  async offer(show: string, ...products: readonly string[]): Promise<void> {
    const { cluster } = this;
    const producer = cluster.producer(cluster.edges[0]!);
    for (const product of products) await producer.post(`/v1/shows/${show}/products/${product}/offer`, {});
    for (const edge of cluster.edges)
      await soon(async () => {
        const { body } = await cluster.client(edge).get(`/v1/shows/${show}/products`);
        for (const product of products)
          if (!JSON.stringify(body).includes(`"${product}"`)) throw new Error(`"${edge}" does not sell "${product}"`);
      });
  }

  async end(): Promise<void> {
    await this.cluster.end();
    await this.provider.close();
  }
}
