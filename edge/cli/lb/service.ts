import type { World } from "../../../crdt/ports.ts";
import { openLocator } from "../../runtime/host/geo.ts";
import { parseAddress } from "../../steering/address.ts";
import type { Candidate } from "../../steering/candidate.ts";
import type { Locator } from "../../steering/locator.ts";
import { steer } from "../../steering/steer.ts";
import { stickyDraw } from "../../steering/sticky.ts";
import { Directory } from "../steering/directory.ts";
import { Figures } from "../steering/figures.ts";
import { listenMetrics, type MetricsListener } from "../steering/metrics-listener.ts";
import { policyOf } from "../steering/settings.ts";
import type { FrontAsk } from "./ask.ts";
import { openFront, type Front } from "./front.ts";
import type { LbSettings } from "./settings.ts";

/** The load balancer as a whole: its listener, its edges, its data. */
export class LbService {
  readonly figures = new Figures("redbutton_lb");
  readonly #world: World;
  readonly #directory: Directory;
  #settings: LbSettings;
  #locate: Locator;
  #front: Front | undefined;
  #status: MetricsListener | undefined;
  #turn = 0;

  static async start(settings: LbSettings, world: World): Promise<LbService> {
    const service = new LbService(settings, await openLocator(settings.geo), world);
    await service.#directory.start();
    await service.#listen();
    return service;
  }

  private constructor(settings: LbSettings, locate: Locator, world: World) {
    this.#settings = settings;
    this.#locate = locate;
    this.#world = world;
    this.#directory = new Directory(settings, world);
  }

  get address(): string {
    return `http://${this.#front?.host}:${this.#front?.port}`;
  }

  /** Takes new settings; where it listens stays. */
  async reload(settings: LbSettings): Promise<void> {
    this.#locate = await openLocator(settings.geo);
    this.#settings = settings;
    await this.#directory.reload(settings);
  }

  async stop(): Promise<void> {
    await this.#front?.close(this.#settings.drainMs);
    this.#directory.stop();
    await this.#status?.close();
  }

  async #listen(): Promise<void> {
    const { listen, proxies, status } = this.#settings;
    this.#front = await openFront({
      ...listen,
      proxies: new Set(proxies),
      figures: this.figures,
      choose: (ask) => this.#choose(ask),
    });
    if (status) this.#status = await listenMetrics(status, () => this.figures.text());
    this.#world.log("info", "lb is up", { address: this.address });
  }

  #choose({ client, receiver, show, shard }: FrontAsk): Candidate[] {
    const address = parseAddress(client);
    const place = address && this.#locate(address).place;
    const ask = {
      draw: stickyDraw(receiver),
      turn: this.#turn++,
      ...(place ? { place } : {}),
      ...(shard === undefined ? {} : { shard }),
    };
    const edges = this.#directory.candidates(shard === undefined ? undefined : show);
    return steer(edges, policyOf(this.#settings, "free"), ask).ranked.map(({ candidate }) => candidate);
  }
}
