import { computed, effect, signal } from "@preact/signals";
import type { HealthBody } from "../network-answers.ts";
import type { SellingAnswer } from "../selling-answers.ts";
import { bodyOf, edgeClient, EdgeRefusal, type EdgeClient } from "../client/client.ts";
import { ShowRooms } from "../client/rooms.ts";
import { sealsOf, type Seals } from "./next-step.ts";
import { addTotal, type OrderTotals } from "./order-rate.ts";
import { mayAct, type Pass } from "./pass.ts";
import { pictureOf, type ShowPicture } from "./picture-of-show.ts";
import { addRates, NO_RATES } from "./rates.ts";
import type { OperatorRole } from "../token.ts";

/**
 * How often the picture is drawn at most, ms: a thousand updates a second are twenty pictures. By a timer and not by
 * frames, which a window that is covered by another gets none of.
 */
const DRAW_INTERVAL_MS = 50;
/** How often edges are asked how they are, and a poll that is being counted what it waits for, ms. */
const LOOK_INTERVAL_MS = 1000;
/** How long an edge may take to say how it is, ms. */
const HEALTH_TIMEOUT_MS = 2000;
/** How long a notice stays, ms. */
const NOTICE_MS = 8000;

export interface Notice {
  readonly kind: "done" | "fault" | "other";
  readonly text: string;
}

/** Everything that the console knows, as signals, and everything that it does. */
export class Desk {
  readonly pass: Pass;
  readonly picture = signal<ShowPicture | undefined>(undefined);
  readonly health = signal<ReadonlyMap<string, HealthBody | undefined>>(new Map());
  readonly rates = signal(NO_RATES);
  readonly shows = signal<readonly string[]>([]);
  readonly show = signal<string | undefined>(undefined);
  readonly chosen = signal<string | undefined>(undefined);
  readonly waitingFor = signal<readonly string[]>([]);
  /** How selling goes, as the edge in use knows it. */
  readonly selling = signal<SellingAnswer | undefined>(undefined);
  readonly orderTotals = signal<OrderTotals>([]);
  readonly notice = signal<Notice | undefined>(undefined);
  readonly now = signal(Date.now());
  readonly isConnected = signal(false);
  readonly address = signal(location.origin);

  /** The poll that the desk is about. It stays: a button must not become another poll's under the finger. */
  readonly poll = computed(() => this.picture.value?.polls.find(({ poll }) => poll.id === this.chosen.value));

  readonly seals = computed<Seals>(() => sealsOf(this.picture.value?.roster ?? [], this.waitingFor.value));

  /** The longest time for which some edge misses what another has taken in this show, ms. */
  readonly lagMs = computed(() => {
    const shows = [...this.health.value.values()].flatMap((health) => health?.shows ?? []);
    return Math.max(
      0,
      ...shows.filter(({ id }) => id === this.show.value).flatMap((show) => Object.values(show.lag_ms)),
    );
  });

  #rooms: ShowRooms | undefined;
  #isStale = false;
  #offsetMs = 0;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #newestDeed = Infinity;

  constructor(pass: Pass) {
    this.pass = pass;
    effect(() => this.#follow(this.show.value));
    setInterval(() => this.#draw(), DRAW_INTERVAL_MS);
    void this.#look();
  }

  may(role: OperatorRole): boolean {
    return mayAct(this.pass, role);
  }

  get client(): EdgeClient {
    return edgeClient(this.address.value, this.pass.token);
  }

  /** Does something at an edge, and says what became of it. True where it was done. */
  async act(what: string, deed: (client: EdgeClient) => Promise<unknown>): Promise<boolean> {
    try {
      await deed(this.client);
      this.say("done", what);
      return true;
    } catch (error) {
      const why = error instanceof EdgeRefusal ? error.message : String(error);
      this.say("fault", `${what}: not done. ${why}`);
      return false;
    }
  }

  /** Does something about selling, and looks at once what came of it. */
  async sell(what: string, deed: (client: EdgeClient) => Promise<unknown>): Promise<void> {
    await this.act(what, deed);
    await this.#askSelling();
  }

  say(kind: Notice["kind"], text: string): void {
    clearTimeout(this.#noticeTimer);
    this.notice.value = { kind, text };
    this.#noticeTimer = setTimeout(() => (this.notice.value = undefined), NOTICE_MS);
  }

  /** Chooses the poll beside the one that is shown. */
  step(by: number): void {
    const polls = this.picture.value?.polls ?? [];
    const index = polls.findIndex(({ poll }) => poll.id === this.poll.value?.poll.id);
    this.chosen.value = polls[Math.min(polls.length - 1, Math.max(0, index + by))]?.poll.id;
  }

  #follow(show: string | undefined): void {
    this.#rooms?.close();
    this.#rooms = undefined;
    this.picture.value = this.chosen.value = this.selling.value = undefined;
    this.orderTotals.value = [];
    this.#newestDeed = Infinity;
    if (show === undefined) return;
    const rooms = new ShowRooms({ show, token: this.pass.token, addresses: [this.address.peek()] });
    rooms.board.doc.on("update", () => (this.#isStale = true));
    rooms.tallies.doc.on("update", () => (this.#isStale = true));
    rooms.onstatus = () => {
      this.isConnected.value = rooms.isConnected;
      this.address.value = rooms.address;
    };
    this.#rooms = rooms;
    void this.#readClock();
  }

  /** One picture, however many updates came since the last one. */
  #draw(): void {
    const now = Date.now() + this.#offsetMs;
    const isNewSecond = Math.floor(now / 250) !== Math.floor(this.now.value / 250);
    if (isNewSecond) this.now.value = now;
    if (!this.#rooms || !(this.#isStale || isNewSecond)) return;
    this.#isStale = false;
    this.picture.value = pictureOf(this.#rooms.board, this.#rooms.tallies.registers(), now);
    this.chosen.value ??= firstChoice(this.picture.value);
    this.#tellDeeds();
  }

  /** What another producer did is said here too. */
  #tellDeeds(): void {
    const audit = this.picture.value?.audit ?? [];
    const [newest] = audit;
    if (!newest) return;
    const others = audit.filter(({ at, by }) => at > this.#newestDeed && by !== this.pass.name);
    this.#newestDeed = newest.at;
    const [deed] = others;
    if (deed) this.say("other", `${deed.by}: ${deed.action} ${deed.target}`);
  }

  async #look(): Promise<void> {
    const roster = this.picture.value?.roster.filter(({ lost, state }) => !lost && state !== "drained") ?? [];
    const edges = new Map(roster.map(({ edge, address }) => [edge, address]));
    const own = await askHealth(this.address.value);
    if (own) edges.delete(own.edge);
    const others = await Promise.all(
      [...edges].map(async ([edge, address]) => [edge, await askHealth(address)] as const),
    );
    this.health.value = new Map([...(own ? [[own.edge, own] as const] : []), ...others].toSorted(byName));
    this.rates.value = addRates(this.rates.value, Date.now(), this.health.value);
    if (own) this.#takeShows(own.shows.map(({ id }) => id));
    await this.#askWaiting();
    if (this.selling.value?.products.length !== 0) await this.#askSelling();
    setTimeout(() => void this.#look(), LOOK_INTERVAL_MS);
  }

  #takeShows(ids: readonly string[]): void {
    const { shows } = this.pass;
    const mine = shows === "*" ? ids : ids.filter((id) => shows.includes(id));
    if (mine.join() !== this.shows.value.join()) this.shows.value = mine;
    const wanted = new URLSearchParams(location.search).get("show");
    if (this.show.value === undefined) this.show.value = mine.find((id) => id === wanted) ?? mine[0];
  }

  async #askWaiting(): Promise<void> {
    const { value: show } = this.show;
    const poll = this.poll.value;
    const isCounting = poll?.state === "closed" && !poll.isFinal;
    if (show === undefined || !isCounting) return void (this.waitingFor.value = []);
    const body = await bodyOf(this.client.v1.shows[":show"].$get({ param: { show } })).catch(() => undefined);
    this.waitingFor.value = body?.polls.find(({ id }) => id === poll.poll.id)?.waiting_for ?? this.waitingFor.value;
  }

  async #askSelling(): Promise<void> {
    const { value: show } = this.show;
    if (show === undefined) return;
    const body = await bodyOf(this.client.v1.shows[":show"].selling.$get({ param: { show } })).catch(() => undefined);
    if (!body || show !== this.show.value) return;
    this.selling.value = body;
    const total = Object.values(body.orders).reduce((sum, count) => sum + count, 0);
    this.orderTotals.value = addTotal(this.orderTotals.value, Date.now(), total);
  }

  /** Times on the board are the edges'; this machine's clock may be another. */
  async #readClock(): Promise<void> {
    const { value: show } = this.show;
    if (show === undefined) return;
    const asked = Date.now();
    // Without the token: it is receivers that show theirs there, to be noted as present.
    const { v1 } = edgeClient(this.address.value);
    const body = await bodyOf(v1.shows[":show"].content.$get({ param: { show } })).catch(() => undefined);
    if (body) this.#offsetMs = body.time - (asked + Date.now()) / 2;
  }
}

/** What a console that was just opened is about: the poll that is on, else the first that is still to come. */
function firstChoice(picture: ShowPicture | undefined): string | undefined {
  const polls = picture?.polls ?? [];
  const on = polls.find(({ state, released }) => /^(open|closing|closed|final)$/.test(state) && !released);
  const next = polls.find(({ state }) => state === "draft" || state === "armed");
  return (on ?? next ?? polls[0])?.poll.id;
}

async function askHealth(address: string): Promise<HealthBody | undefined> {
  const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
  const fetching = (input: string | URL | Request, init?: RequestInit) => fetch(input, { ...init, signal });
  return bodyOf(edgeClient(address, undefined, fetching).healthz.$get()).catch(() => undefined);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
