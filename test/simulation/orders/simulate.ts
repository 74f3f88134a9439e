import { seedCrypto } from "../seeded-crypto.ts";
import { makeEnvelopeKey, type EnvelopeKeyPair } from "../../../crdt/envelope.ts";
import { identityFrom, type Identity } from "../../../crdt/replicate/introduction.ts";
import type { Product } from "../../../crdt/shop.ts";
import type { Edge } from "../../../edge/edge.ts";
import { Box, type Begin, type Place } from "../box.ts";
import { Front } from "../front.ts";
import { SimLatches } from "../latches.ts";
import { Network } from "../network.ts";
import { seedSubtle } from "../seeded-subtle.ts";
import { Stage, type Outcome } from "../stage.ts";
import { SimBooks } from "./books.ts";
import { Buyer, type Body, type Market } from "./buyer.ts";
import { Invariants } from "./invariants.ts";
import { Nemesis } from "./nemesis.ts";
import { Operator } from "./operator.ts";
import { beginEdge, beginProcessor, beginRecorder } from "./programs.ts";
import { PIN, SimProvider } from "./provider.ts";

const EDGES = ["fra", "nyc"];
/** Over the same books. */
const PROCESSORS = ["ord1", "ord2"];
const RECORDER = "rec";
const BUYERS = 40;
const SALE_MS = { from: 2500, to: 20_000 } as const;
const HEALS_AT_MS = 24_000;
/** How long all may take to come to rest, ms: the longest pause at the provider, claims that run out, and some of both. */
const REST_MS = 400_000;
const LOOK_MS = 1000;

const common = { title: "", text: "", mostAtOnce: 3 };
const PRODUCTS: readonly Product[] = [
  { ...common, id: "shirt", price: 2990, currency: "EUR", stock: 35, confirmation: "press" },
  { ...common, id: "mug", price: 1250, currency: "USD", stock: 1000, confirmation: "pin" },
];

/** A limited item is sold at two edges by two processors, under faults until they heal; then everything must be so. */
export async function simulateOrders(seed: number, print?: (line: string) => void): Promise<Outcome> {
  seedCrypto(seed);
  const stage = new Stage(seed, print);
  seedSubtle(stage.dice("subtle"));
  const network = new Network(stage);
  const { pair } = await makeEnvelopeKey();
  await new Run(stage, network, await SimBooks.start(stage, network), pair).play();
  return stage.outcome;
}

class Run {
  readonly #stage: Stage;
  readonly #network: Network;
  readonly #front: Front;
  readonly #edges: readonly Box<Edge>[];
  readonly #processors: readonly Box<void>[];
  readonly #recorder: Box<void>;
  readonly #buyers: readonly Buyer[];
  readonly #invariants: Invariants;
  readonly #nemesis: Nemesis;
  readonly #operator: Operator;

  constructor(stage: Stage, network: Network, books: SimBooks, key: EnvelopeKeyPair) {
    this.#stage = stage;
    this.#network = network;
    this.#front = new Front(stage);
    const provider = new SimProvider(stage, network, () => this.#invariants.onmoney());
    const latches = new SimLatches(stage, () => {});
    const secret = stage.dice("secret").bytes(32);
    const boxOf = this.#boxes();
    this.#edges = EDGES.map((name) => boxOf(name, (member) => beginEdge(member, secret)));
    this.#processors = PROCESSORS.map((name) =>
      boxOf(name, (member, life) => beginProcessor(member, books.of(life), provider.of(life), [key])),
    );
    this.#recorder = boxOf(RECORDER, (member, life, store) => beginRecorder(member, life, store, latches));
    const market: Market = {
      stage,
      front: this.#front,
      edges: this.#edges,
      onanswer: (...of) => this.#invariants.onanswer(...of),
      ontold: (...of) => void this.#invariants.ontold(...of),
    };
    this.#buyers = this.#audience(market);
    this.#operator = new Operator(market, PRODUCTS);
    this.#invariants = new Invariants({
      stage,
      products: PRODUCTS,
      buyers: this.#buyers,
      edges: this.#edges,
      database: books.direct(),
      provider: provider.books,
      cancelled: this.#operator.cancelled,
    });
    this.#nemesis = new Nemesis({
      stage,
      network,
      edges: this.#edges,
      processors: this.#processors,
      recorder: this.#recorder,
      books,
      provider,
    });
  }

  async play(): Promise<void> {
    const stage = this.#stage;
    for (const box of [...this.#edges, ...this.#processors, this.#recorder]) box.start();
    stage.after(300, () => void this.#operator.open());
    const dice = stage.dice("audience");
    for (const buyer of this.#buyers) stage.after(dice.between(SALE_MS.from, SALE_MS.to), () => buyer.buy());
    this.#operator.cancelSome(() => this.#invariants.acknowledged, SALE_MS.from, HEALS_AT_MS);
    this.#nemesis.strike(SALE_MS.from, SALE_MS.to);
    this.#front.loss = 0.03;
    stage.after(HEALS_AT_MS, () => this.#heal());
    await stage.play(() => stage.now >= HEALS_AT_MS);
    await this.#rest();
    if (stage.violations.length === 0) await this.#invariants.atRest();
  }

  async #rest(): Promise<void> {
    for (const stage = this.#stage; stage.violations.length === 0;) {
      const look = stage.now + LOOK_MS;
      await stage.play(() => stage.now >= look);
      await this.#invariants.inspect();
      const unrest = await this.#invariants.unrest();
      if (unrest === undefined) return;
      if (stage.now > HEALS_AT_MS + REST_MS) stage.violate("every order comes to its end", unrest);
    }
  }

  #heal(): void {
    this.#nemesis.heal();
    this.#front.loss = 0;
    this.#front.isCalm = true;
    this.#operator.resolve();
  }

  #boxes(): <P>(name: string, begin: Begin<P>) => Box<P> {
    const dice = this.#stage.dice("keys");
    const identities = [...EDGES, ...PROCESSORS, RECORDER].map((name) =>
      identityFrom(name, EDGES.includes(name) ? "edge" : "process", dice.bytes(32)),
    );
    return (name, begin) => new Box(this.#placeOf(name, identities), begin);
  }

  #placeOf(name: string, identities: readonly Identity[]): Place {
    return {
      stage: this.#stage,
      network: this.#network,
      identity: identities.find(({ member }) => member === name)!,
      peers: identities
        .filter(({ member }) => member !== name)
        .map(({ member, role, publicKey }) => ({
          name: member,
          role,
          publicKey,
          ...(EDGES.includes(member) ? { address: member } : {}),
        })),
      listens: EDGES.includes(name),
      endsWhenUnsure: name !== RECORDER,
      onbatch: (_show, bytes) => this.#invariants.onbatch(name, bytes),
    };
  }

  #audience(market: Market): Buyer[] {
    const dice = this.#stage.dice("buyers");
    return Array.from({ length: BUYERS }, (_, i) => {
      const key = `00000000-0000-4000-8000-${i.toString(16).padStart(12, "0")}`;
      const product = dice.chance(0.75) ? "shirt" : "mug";
      const card = dice.chance(0.1) ? "declined" : "good";
      const pin = dice.chance(0.9) ? PIN : "0000";
      const quantities = dice.chance(0.15) ? dice.shuffle([1, 2, 3]).slice(0, 2) : [dice.between(1, 3)];
      const bodies = quantities.map((quantity, body): Body => {
        // A price that nobody asked for: the board's is what counts.
        const details = { key, body: `${body}`, card, amount: "1", price: "1" };
        return { product, quantity, details, pin };
      });
      return new Buyer(market, { subject: `buyer-${i}`, key, bodies });
    });
  }
}
