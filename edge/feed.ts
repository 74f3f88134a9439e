import type { World } from "../crdt/ports.ts";
import { jitter } from "./jitter.ts";
import type { ShowService } from "./service.ts";
import { publicContent, publicPolls, publicProducts, revisionTag, showName } from "./view.ts";

/** Milliseconds between two pushes of content to receivers: results that change faster than this nobody can read. */
export const PUSH_INTERVAL_MS = 250;
/** After how many ms a receiver without a WebSocket asks again: least and most. */
export const NEXT_POLL_MS = { busy: [1000, 2000], quiet: [4000, 6000] } as const;

/** What receivers are told, as JSON; worked out once a revision, however many ask. */
interface Edition {
  readonly revision: number;
  readonly tag: string;
  readonly show: string;
  readonly polls: string;
  readonly content: string;
  /** What may be bought. */
  readonly products: string;
  /** A poll is open, about to be, or just closed: something happens soon. */
  readonly busy: boolean;
}

/** Sends one message, the same for every receiver. */
export type Follower = (message: string) => void;

/** What one show tells its receivers: to those who ask, and to those who follow. */
export class Feed {
  readonly show: ShowService;
  readonly #boot: string;
  readonly #world: World;
  readonly #followers = new Set<Follower>();
  #edition: Edition | undefined;
  #pushed: Edition | undefined;
  #lastPush = -Infinity;
  #cancelPush: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(show: ShowService, boot: string, world: World) {
    this.show = show;
    this.#boot = boot;
    this.#world = world;
  }

  /** The revision that an answer given now has. */
  get tag(): string {
    return this.#current().tag;
  }

  /** The body of `GET …/content`. */
  body(): string {
    const { tag, show, polls, content, products, busy } = this.#current();
    const [least, most] = busy ? NEXT_POLL_MS.busy : NEXT_POLL_MS.quiet;
    const next = jitter(this.#world.random, least, most);
    const now = this.#world.clock.now();
    return `{"show":${show},"revision":"${tag}","time":${now},"next_poll_ms":${next},"polls":${polls},"content":${content},"products":${products}}`;
  }

  /** Everything, for a receiver that has nothing yet or something old. */
  whole(): string {
    const edition = this.#current();
    return this.#message(edition, restOf(edition));
  }

  /** Calls `follower` with what changes from now on, until the returned function is called. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    this.#pushed ??= this.#current();
    this.#unwatch ??= this.show.watch(() => this.#schedule());
    return () => this.#leave(follower);
  }

  #leave(follower: Follower): void {
    this.#followers.delete(follower);
    if (this.#followers.size > 0) return;
    this.#unwatch?.();
    this.#cancelPush?.();
    this.#unwatch = this.#cancelPush = this.#pushed = undefined;
  }

  #schedule(): void {
    if (this.#cancelPush) return;
    const since = this.#world.clock.now() - this.#lastPush;
    const wait = Math.min(Math.max(PUSH_INTERVAL_MS - since, 0), PUSH_INTERVAL_MS);
    this.#cancelPush = this.#world.timers.after(wait, () => this.#push());
  }

  #push(): void {
    this.#cancelPush = undefined;
    this.#lastPush = this.#world.clock.now();
    const edition = this.#current();
    if (edition === this.#pushed) return;
    const rest = restOf(edition);
    const message = this.#message(edition, this.#pushed && rest === restOf(this.#pushed) ? "" : rest);
    this.#pushed = edition;
    for (const follower of this.#followers) follower(message);
  }

  /** `rest` is left out where it is what the receiver has: pages are long, and counts change four times a second. */
  #message({ tag, polls }: Edition, rest: string): string {
    return `{"type":"content","revision":"${tag}","time":${this.#world.clock.now()},"polls":${polls}${rest}}`;
  }

  #current(): Edition {
    if (this.#edition?.revision !== this.show.revision) this.#edition = this.#compose();
    return this.#edition!;
  }

  #compose(): Edition {
    const polls = publicPolls(this.show);
    return {
      revision: this.show.revision,
      tag: revisionTag(this.#boot, this.show),
      show: JSON.stringify(showName(this.show)),
      polls: JSON.stringify(polls),
      content: JSON.stringify(publicContent(this.show)),
      products: JSON.stringify(publicProducts(this.show)),
      busy: polls.some(({ state }) => state === "armed" || state === "open" || state === "closing"),
    };
  }
}

function restOf({ content, products }: Edition): string {
  return `,"content":${content},"products":${products}`;
}

/** The feeds of an edge's shows, each made when it is first asked for. */
export class Feeds {
  readonly #boot: string;
  readonly #world: World;
  readonly #feeds = new Map<string, Feed>();

  constructor(boot: string, world: World) {
    this.#boot = boot;
    this.#world = world;
  }

  of(show: ShowService): Feed {
    const known = this.#feeds.get(show.definition.id);
    if (known?.show === show) return known;
    const feed = new Feed(show, this.#boot, this.#world);
    this.#feeds.set(show.definition.id, feed);
    return feed;
  }
}
