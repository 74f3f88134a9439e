import type { World } from "../../../crdt/ports.ts";
import { FULL, takeOne, waitFor, type Bucket, type Limit } from "../../limits.ts";
import { openLocator } from "../../runtime/host/geo.ts";
import { formatAddress } from "../../steering/address.ts";
import type { Answered } from "../../steering/dns/answer.ts";
import { Cookies } from "../../steering/dns/cookie.ts";
import type { DnsQuery } from "../../steering/dns/message.ts";
import { drawFrom } from "../../steering/draw.ts";
import type { Locator } from "../../steering/locator.ts";
import { Directory } from "../steering/directory.ts";
import { listenMetrics, type MetricsListener } from "../steering/metrics-listener.ts";
import { Figures } from "../steering/figures.ts";
import { Responder, type DnsScene } from "./responder.ts";
import { listenDns, type DnsListener } from "./server.ts";
import { zoneOf, type DnsSettings } from "./settings.ts";

/** How old the picture of the edges may be that answers are made from: 44,000 answers a second share one, ms. */
export const SCENE_MS = 100;
/** Lines a second that say why an answer was given, with "explain": "some". */
const EXPLAINED: Limit = { burst: 10, perSecond: 10 };

/** The DNS server as a whole: its listeners, its edges, its data. */
export class DnsService {
  readonly figures = new Figures("redbutton_dns");
  readonly #world: World;
  readonly #directory: Directory;
  readonly #listeners = new Map<string, DnsListener>();
  readonly #respond: (bytes: Buffer, client: string, transport: "udp" | "tcp") => Buffer | undefined;
  #settings: DnsSettings;
  #locate: Locator;
  #scene: DnsScene | undefined;
  #sceneAt = -Infinity;
  #serial: number;
  #explained: Bucket = FULL;
  #metrics: MetricsListener | undefined;

  static async start(settings: DnsSettings, world: World): Promise<DnsService> {
    const service = new DnsService(settings, await openLocator(settings.geo), world);
    await service.#directory.start();
    await service.#listen();
    world.log("info", "dns is up", { zone: settings.zone, listen: service.addresses.join(" ") });
    return service;
  }

  private constructor(settings: DnsSettings, locate: Locator, world: World) {
    this.#settings = settings;
    this.#locate = locate;
    this.#world = world;
    this.#serial = Math.floor(world.clock.now() / 1000);
    this.#directory = new Directory(settings, world);
    const responder = new Responder({
      scene: () => this.#currentScene(),
      cookies: new Cookies(world.random.bytes(32)),
      answersPerNetwork: settings.answersPerNetwork,
      clock: world.clock,
      draw: drawFrom(world.random),
      figures: this.figures,
      onanswer: (query, client, answered) => this.#explain(query, client, answered),
    });
    this.#respond = (bytes, client, transport) => responder.respond(bytes, client, transport);
  }

  /** Where it listens, e.g. "127.0.0.1:8153". */
  get addresses(): string[] {
    return [...this.#listeners.values()].map(({ host, port }) =>
      host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    );
  }

  /** Takes new settings, and reads the database again. Listeners that stay are not touched; nothing goes unanswered. */
  async reload(settings: DnsSettings): Promise<void> {
    this.#locate = await openLocator(settings.geo);
    this.#settings = settings;
    this.#serial = Math.max(this.#serial + 1, Math.floor(this.#world.clock.now() / 1000));
    await this.#directory.reload(settings);
    this.#scene = undefined;
    await this.#listen();
  }

  async stop(): Promise<void> {
    this.#directory.stop();
    await Promise.all([...this.#listeners.values()].map((listener) => listener.close()));
    await this.#metrics?.close();
  }

  /** New listeners are there before old ones go. */
  async #listen(): Promise<void> {
    const wanted = new Map(this.#settings.listen.map((each) => [`${each.host}:${each.port}`, each]));
    for (const [key, { host, port }] of wanted)
      if (!this.#listeners.has(key)) this.#listeners.set(key, await listenDns(host, port, this.#respond));
    for (const [key, listener] of this.#listeners) {
      if (wanted.has(key)) continue;
      this.#listeners.delete(key);
      await listener.close();
    }
    await this.#listenMetrics();
  }

  async #listenMetrics(): Promise<void> {
    const { metrics } = this.#settings;
    const before = this.#metrics;
    if (metrics && before?.isAt(metrics)) return;
    this.#metrics = metrics && (await listenMetrics(metrics, () => this.figures.text()));
    await before?.close();
  }

  #currentScene(): DnsScene {
    const now = this.#world.clock.now();
    if (this.#scene && Math.abs(now - this.#sceneAt) < SCENE_MS) return this.#scene;
    this.#sceneAt = now;
    this.#scene = { zone: zoneOf(this.#settings, this.#directory.edges(), this.#serial), locate: this.#locate };
    return this.#scene;
  }

  /** Says why an edge was chosen. */
  #explain(query: DnsQuery, client: string, answered: Answered): void {
    const { choice, located, reply } = answered;
    if (!choice || !this.#mayExplain()) return;
    const subnet = query.edns?.clientSubnet;
    this.#world.log("info", "answered", {
      question: query.name,
      type: query.type,
      client,
      ...(subnet ? { subnet: `${formatAddress(subnet.address)}/${subnet.sourceBits}`, scope: reply.scopeBits } : {}),
      ...(located?.place ? { place: located.place } : {}),
      source: located?.source,
      edge: choice.ranked[0]?.candidate.edge ?? "none",
      reason: choice.ranked[0]?.reason ?? "no edge is fit",
      pool: choice.pool,
      next: choice.ranked.slice(1, 3).map(({ candidate, reason }) => `${candidate.edge}: ${reason}`),
      leftOut: choice.leftOut.map(({ candidate, reason }) => `${candidate.edge}: ${reason}`),
    });
  }

  #mayExplain(): boolean {
    switch (this.#settings.explain) {
      case "all":
        return true;
      case "none":
        return false;
      case "some": {
        const now = this.#world.clock.now();
        if (waitFor(EXPLAINED, this.#explained, now) > 0) return false;
        this.#explained = takeOne(EXPLAINED, this.#explained, now);
        return true;
      }
    }
  }
}
