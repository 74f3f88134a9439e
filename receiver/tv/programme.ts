import type { ContentBody, ContentItemBody, OfferBody, PollBody } from "../../edge/answers.ts";
import type { Account } from "./account.ts";
import { pause, type Edges } from "./edges.ts";
import type { Live, LiveMessage } from "./live.ts";
import { ask, type Answer } from "./request.ts";

/** Longest wait before a receiver that lost its socket asks, ms: an edge's whole audience comes back at once. */
var COME_BACK_MS = 1000;

/** What the show is like now, as far as this receiver has heard. */
export interface Programme {
  readonly title: string;
  readonly isRehearsal: boolean;
  readonly polls: readonly PollBody[];
  readonly content: readonly ContentItemBody[];
  /** What may be bought. */
  readonly products: readonly OfferBody[];
  /** "starting": nothing was heard yet; "away": no edge answers; "waiting": an edge answers and has no such show yet. */
  readonly connection: "starting" | "connected" | "away" | "waiting";
}

export interface Follower {
  readonly now: () => Programme;
  /** Milliseconds since 1970 by the edge's clock. */
  readonly time: () => number;
  /** Calls `done` once that is known: a set's own clock may be years off. */
  readonly whenTimed: (done: () => void) => void;
  readonly start: () => void;
  /** Asks now: something suggests that there is news. */
  readonly hurry: () => void;
  /** Takes what came on the socket. */
  readonly hear: (message: LiveMessage) => void;
}

/** What an edge says of a show, without what is as it was. */
interface News {
  readonly show?: ContentBody["show"];
  readonly polls: readonly PollBody[];
  readonly content?: readonly ContentItemBody[];
  readonly products?: readonly OfferBody[];
}

/** Keeps up with a show: by its socket where there is one, else by asking again and again. */
export function followProgramme(
  show: string,
  edges: Edges,
  account: Account,
  live: () => Live,
  onchange: () => void,
): Follower {
  var now: Programme = {
    title: "",
    isRehearsal: false,
    polls: [],
    content: [],
    products: [],
    connection: "starting",
  };
  var offsetMs: number | undefined;
  var untimed: (() => void)[] = [];
  var timer: ReturnType<typeof setTimeout> | undefined;

  function setClock(time: number): void {
    offsetMs = time - new Date().getTime();
    var waiting = untimed;
    untimed = [];
    for (var i = 0; i < waiting.length; i++) waiting[i]!();
  }

  function change(news: News): void {
    var about = news.show;
    now = {
      title: about ? about.title : now.title,
      isRehearsal: about ? about.rehearsal === true : now.isRehearsal,
      polls: news.polls,
      content: news.content || now.content,
      products: news.products || now.products,
      connection: "connected",
    };
    onchange();
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(refresh, ms);
  }

  function refresh(): void {
    clearTimeout(timer);
    timer = undefined;
    account.withToken((token) => {
      ask(edges, { method: "GET", path: `/v1/shows/${show}/content`, token }, answered);
    });
  }

  function answered(answer: Answer): void {
    if (answer.status !== 200) return refused(answer);
    var body = answer.body as ContentBody;
    setClock(body.time);
    change(body);
    account.renew(body.time);
    live().dial();
    // The socket tells what changes; until it is welcome, and where it never is, asking does.
    if (!live().isOpen()) schedule(body.next_poll_ms);
  }

  function refused(answer: Answer): void {
    if (answer.status === 401) account.forget();
    var isAway = answer.status === 0 || answer.status >= 500;
    // One failure is not worth alarming a viewer: the next edge may answer at once.
    if (!isAway || edges.failures() > 1) {
      now = {
        title: now.title,
        isRehearsal: now.isRehearsal,
        polls: now.polls,
        content: now.content,
        products: now.products,
        connection: isAway ? "away" : "waiting",
      };
      onchange();
    }
    schedule(pause(isAway ? edges.failures() - 1 : 2, answer.retryAfterS));
  }

  return {
    now: () => now,
    time: () => new Date().getTime() + (offsetMs || 0),
    whenTimed: (done) => {
      if (offsetMs === undefined) untimed.push(done);
      else done();
    },
    start: refresh,
    hurry: () => schedule(Math.random() * COME_BACK_MS),
    hear: (message) => {
      if (message.type === "welcome") {
        clearTimeout(timer);
        setClock(message.time);
      }
      if (message.type !== "content") return;
      setClock(message.time);
      change(message);
    },
  };
}
