import type { Context } from "hono";
import { Member } from "../../../crdt/member.ts";
import type { World } from "../../../crdt/ports.ts";
import { openObjectStore } from "../../../crdt/store/object.ts";
import type { Store } from "../../../crdt/store/store.ts";
import { createApp, type App } from "../../app.ts";
import { Edge } from "../../edge.ts";
import { Broadcaster } from "../../jwks.ts";
import { DEFAULT_LIMITS } from "../../limits.ts";
import type { Load } from "../../steering/load.ts";
import { deriveTokenKeys } from "../../token.ts";
import type { Client } from "../host/door.ts";
import type { Env } from "./env.ts";
import { inspectorOf } from "./inspector.ts";
import { acceptSocket, dialFrom } from "./links.ts";
import { objectIdentity, peersOf, shardsOf, type ObjectMember } from "./members.ts";
import { PacedStore } from "./paced-store.ts";
import { PLACE_OF_HINT, placeOf } from "./places.ts";
import { OBJECT_CAPACITY } from "./steering.ts";
import { ReceiverSockets } from "./receiver-sockets.ts";
import type { Settings } from "./settings.ts";

/** Keys that each rate limit remembers in an object: 10 MB each at most, of the 128 MB that an object has. */
export const MAX_OBJECT_BUCKETS = 50_000;
/** How long a request waits for an object that has just started to catch up with its peers, ms. */
export const CATCH_UP_MS = 3000;
const CATCH_UP_INTERVAL_MS = 20;

type EdgeMember = Extract<ObjectMember, { role: "edge" }>;

/** One life of an edge in an object, from its start or its waking to its sleep: the same edge as everywhere. */
export class EdgeLife {
  readonly receivers: ReceiverSockets;
  readonly edge: Edge;
  /** Resolves when the edge has caught up with its peers, or has waited long enough. */
  readonly settled: Promise<void>;
  readonly #member: Member;
  readonly #app: App;
  readonly #store: Store;
  readonly #world: World;

  static async open(
    self: EdgeMember,
    settings: Settings,
    env: Env,
    ctx: DurableObjectState,
    world: World,
  ): Promise<EdgeLife> {
    const store = new PacedStore(openObjectStore(ctx.storage), world);
    const member = await Member.open({
      identity: objectIdentity(self, settings.network),
      listens: true,
      peers: peersOf(self, settings),
      store,
      world,
      dial: dialFrom(env, settings),
      subscribe: (shards) => shardsOf(self.index, settings.objects, shards),
      // The platform ends the object with all its sockets, and starts it again at the next event.
      onlost: (error) => ctx.abort(error.message),
    });
    return new EdgeLife(self, settings, ctx, world, member, store);
  }

  private constructor(
    self: EdgeMember,
    settings: Settings,
    ctx: DurableObjectState,
    world: World,
    member: Member,
    store: Store,
  ) {
    this.#member = member;
    this.#store = store;
    this.#world = world;
    const { address, network, broadcaster } = settings;
    this.edge = new Edge(member, {
      region: self.region,
      address,
      place: PLACE_OF_HINT[settings.regions.find(({ name }) => name === self.region)!.hint],
      capacity: OBJECT_CAPACITY,
      network,
      joins: "when needed",
    });
    const inspector = inspectorOf(settings, member, () => this.#app.sockets());
    this.receivers = new ReceiverSockets(ctx, (socket, kept) => this.#app.resume(socket, kept));
    this.#app = createApp({
      edge: this.edge,
      world,
      keys: deriveTokenKeys(network),
      limits: DEFAULT_LIMITS,
      maxBuckets: MAX_OBJECT_BUCKETS,
      upgrade: (c, accept) => clientOf(c).upgrade(accept),
      clientAddress: (c) => clientOf(c).address,
      locate: (c) => placeOf(c.req.raw),
      // The platform serves them, and asks nobody.
      pages: new Map(),
      ...(inspector ? { inspector } : {}),
      ...(broadcaster ? { broadcaster: new Broadcaster(broadcaster, world.clock) } : {}),
    });
    this.edge.start();
    this.settled = this.#catchUp(CATCH_UP_MS);
  }

  /** Answers what receivers, producers and readers ask. */
  async fetch(request: Request): Promise<Response> {
    const response = await this.#app.fetch(request, new ObjectClient(request, this.receivers));
    // Refused unread: whoever still sends it would have it read after the answer, which the platform calls an error.
    if (!request.bodyUsed) await request.body?.cancel();
    return response;
  }

  /** Takes a link that another member has dialled. */
  link(): Response {
    return acceptSocket((socket) => this.#member.backbone.accept(socket));
  }

  /** Whether the peer of this name has a link with this edge now. */
  isLinkedWith(name: string): boolean {
    return this.#member.links().some(({ peer, open }) => peer === name && open);
  }

  /** Readers' sockets do not hibernate; a receiver without a welcome is not known yet. */
  get hasReaders(): boolean {
    return this.#app.sockets().readers > 0;
  }

  /** Its work at the moment. */
  get load(): Load {
    const { ballotsPerS, capacity } = this.edge.health();
    return { receivers: this.#app.sockets().receivers, ballotsPerS, capacity };
  }

  /** Lets go of links and timers, everything written; receivers' sockets stay open. */
  async sleep(): Promise<void> {
    this.edge.stop();
    for (const replica of this.#member.replicas()) await replica.flush();
    // What peers have sent may still be on its way into the log; a write into a closed one would end the object.
    await this.#member.journal.end();
    await this.#store.close();
  }

  /** Caught up with its peers, and sure of its clock. */
  get #isReady(): boolean {
    return this.edge.isCaughtUp && this.#member.clockTrust().trusted;
  }

  async #catchUp(patienceMs: number): Promise<void> {
    for (let waited = 0; waited < patienceMs && !this.#isReady; waited += CATCH_UP_INTERVAL_MS)
      await new Promise<void>((resolve) => this.#world.timers.after(CATCH_UP_INTERVAL_MS, resolve));
    this.receivers.resumeAll();
  }
}

/** Who sent a request, as the routes' environment. */
class ObjectClient implements Client {
  readonly #request: Request;
  readonly #receivers: ReceiverSockets;

  constructor(request: Request, receivers: ReceiverSockets) {
    this.#request = request;
    this.#receivers = receivers;
  }

  /** As Cloudflare saw it; what a client itself says is overwritten there. */
  get address(): string {
    return this.#request.headers.get("cf-connecting-ip") ?? "";
  }

  upgrade(accept: Parameters<Client["upgrade"]>[0]): Response {
    if (new URL(this.#request.url).pathname.endsWith("/live")) return this.#receivers.accept(accept);
    return acceptSocket(accept);
  }
}

function clientOf(c: Context): Client {
  return c.env as Client;
}
