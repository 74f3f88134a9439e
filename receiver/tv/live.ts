import type { ContentItemBody, OfferBody, OrderAnswer, PollBody } from "../../edge/answers.ts";
import type { Account } from "./account.ts";
import type { Edges } from "./edges.ts";
import { attempt } from "./storage.ts";

/** An edge that closes with one of these does not want the same again: 44xx but for the token. */
var CLOSE_TOKEN = 4401;
/** After so many sockets in a row that never were welcomed, this receiver lives on requests alone. */
var MAX_UNWELCOME = 2;
/** How long requests are lived on before a socket is tried again, ms: a proxy may have been in the way. */
var UNWELCOME_PAUSE_MS = 60_000;
/** How long an edge may take to welcome, ms. */
var WELCOME_TIMEOUT_MS = 4000;

/** What an edge says on a receiver's WebSocket. */
export type LiveMessage =
  | { readonly type: "welcome"; readonly time: number }
  | {
      readonly type: "content";
      readonly time: number;
      readonly polls: readonly PollBody[];
      readonly content?: readonly ContentItemBody[];
      readonly products?: readonly OfferBody[];
    }
  | ({ readonly type: "order" } & OrderAnswer)
  | { readonly type: "receipt" | "refused"; readonly id?: string };

export interface LiveEvents {
  readonly onwelcome: () => void;
  readonly onmessage: (message: LiveMessage) => void;
  /** The socket that was welcome is gone. */
  readonly onlost: () => void;
}

/** This receiver's WebSocket, where it can have one. */
export interface Live {
  readonly isOpen: () => boolean;
  /** Dials, where sockets are known here and there is none yet. */
  readonly dial: () => void;
  /** False where there is no socket to send it on. */
  readonly send: (message: object) => boolean;
  readonly hangUp: () => void;
}

export function createLive(show: string, edges: Edges, account: Account, events: LiveEvents): Live {
  var socket: WebSocket | undefined;
  var isWelcome = false;
  var unwelcome = 0;
  var blockedUntil = 0;

  function open(token: string): void {
    if (socket) return;
    var mine = attempt(() => new WebSocket(`${edges.current().replace(/^http/, "ws")}/v1/shows/${show}/live`));
    if (!mine) return;
    socket = mine;
    var timer = setTimeout(() => mine!.close(), WELCOME_TIMEOUT_MS);
    mine.onopen = () => mine!.send(JSON.stringify({ type: "hello", token }));
    mine.onclose = (event) => {
      clearTimeout(timer);
      if (mine === socket) ended(event.code);
    };
    mine.onmessage = (event) => {
      var message = attempt(() => JSON.parse(String(event.data)) as LiveMessage);
      if (!message || mine !== socket) return;
      if (message.type === "welcome") {
        clearTimeout(timer);
        isWelcome = true;
        unwelcome = 0;
        events.onwelcome();
      }
      events.onmessage(message);
    };
  }

  function ended(code: number): void {
    var wasWelcome = isWelcome;
    socket = undefined;
    isWelcome = false;
    if (code === CLOSE_TOKEN) account.forget();
    if (!wasWelcome) unwelcome += 1;
    if (unwelcome >= MAX_UNWELCOME) {
      unwelcome = 0;
      blockedUntil = new Date().getTime() + UNWELCOME_PAUSE_MS;
    }
    if (wasWelcome) events.onlost();
  }

  return {
    isOpen: () => isWelcome,
    dial: () => {
      if (socket || typeof WebSocket === "undefined" || new Date().getTime() < blockedUntil) return;
      account.withToken(open);
    },
    send: (message) => {
      if (!isWelcome || !socket) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    hangUp: () => {
      var old = socket;
      var wasWelcome = isWelcome;
      socket = undefined;
      isWelcome = false;
      if (old) old.close();
      if (wasWelcome) events.onlost();
    },
  };
}
