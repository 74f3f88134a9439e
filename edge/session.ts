import type { Socket, World } from "../crdt/ports.ts";
import { RememberedId } from "../crdt/receiver.ts";
import { readBallotMessage } from "./ballot-form.ts";
import { cast, type Casting } from "./casting.ts";
import { CLOSE, closeCodeOf, type CloseCode } from "./close.ts";
import type { Feed } from "./feed.ts";
import { FULL, takeOne, waitFor, type Bucket, type Limit } from "./limits.ts";
import { problemDocument } from "./problem.ts";
import type { Receipt } from "./receipt.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";
import { check, HelloMessage, MAX_MESSAGE_ID_CHARS } from "./schemas.ts";
import { orderAnswer } from "./view.ts";
import { MAX_SOCKETS_PER_RECEIVER, type SocketCounts } from "./socket-counts.ts";
import type { Receiver, Tokens } from "./tokens.ts";

/** A receiver says who it is within this time: sockets of nobody are not kept. */
export const HELLO_TIMEOUT_MS = 5000;
/** Characters of a receiver's message: a token, or a ballot. */
export const MAX_MESSAGE_CHARS = 4096;
/** Bytes that may wait for a receiver before it is dropped: it comes back and gets the newest. */
export const MAX_WAITING_BYTES = 256 * 1024;

export interface SessionContext {
  readonly world: World;
  readonly tokens: Tokens;
  readonly casting: Casting;
  readonly limit: Limit;
  readonly feed: Feed;
  readonly sockets: SocketCounts;
}

/**
 *     greeting ── hello ──► verifying ── token right ──► open ──► closed
 *        └── 5 s, or anything else ──►──── wrong ──────►──────────►┘
 */
type State =
  | { readonly phase: "greeting"; readonly cancelTimeout: () => void }
  | { readonly phase: "verifying" }
  | OpenState
  | { readonly phase: "closed" };

interface OpenState {
  readonly phase: "open";
  readonly receiver: Receiver;
  readonly identity: RememberedId;
  readonly unfollow: () => void;
}

/** What of an open session outlives the program, where its socket does. */
export interface KeptSession {
  readonly show: string;
  readonly receiver: Receiver;
}

/**
 * One receiver's WebSocket. It says hello, casts ballots and gets receipts, and is told what changes:
 *
 *     → {type: "hello", token, revision?}                 ← {type: "welcome", receiver, revision, time}
 *     → {type: "ballot", id, poll, option, press, k?, level?}
 *                     ← {type: "receipt", id, …receipt} or {type: "refused", id, …problem}
 *                     ← {type: "order", …order}                            when one of its orders changes
 *                     ← {type: "content", revision, time, polls, content?}     content only where it is another
 */
export class Session {
  readonly #socket: Socket;
  readonly #context: SessionContext;
  readonly #onclosed: (session: Session) => void;
  #state: State;
  #bucket: Bucket = FULL;

  constructor(socket: Socket, context: SessionContext, onclosed: (session: Session) => void) {
    this.#socket = socket;
    this.#context = context;
    this.#onclosed = onclosed;
    const timeout = () => this.close(CLOSE.silent, `no hello within ${HELLO_TIMEOUT_MS} ms`);
    this.#state = { phase: "greeting", cancelTimeout: context.world.timers.after(HELLO_TIMEOUT_MS, timeout) };
    socket.onmessage = (message) => this.#onmessage(message);
    socket.onclose = () => this.#end();
  }

  /** Goes on with a session whose program went to sleep. What the receiver has of the content nobody knows any more. */
  resume(receiver: Receiver): void {
    if (this.#state.phase !== "greeting") return;
    this.#state.cancelTimeout();
    const refusal = this.#open(receiver);
    if (refusal) return this.#refuseAndClose(refusal);
    this.#send(this.#context.feed.whole());
  }

  /** Ends the session with a code that says whether to come back. */
  close(code: CloseCode, reason: string): void {
    if (this.#state.phase === "closed") return;
    this.#end();
    this.#socket.close(code, reason);
  }

  #onmessage(message: Uint8Array | string): void {
    if (this.#state.phase === "closed") return;
    if (typeof message !== "string") return this.close(CLOSE.offence, "receivers send text, and no Yjs");
    if (message.length > MAX_MESSAGE_CHARS)
      return this.close(CLOSE.tooLarge, `${message.length} characters, wanted at most ${MAX_MESSAGE_CHARS}`);
    if (!this.#takeTurn()) return this.close(CLOSE.tooFast, "too many messages in a second");
    const value = parse(message);
    if (value === undefined) return this.close(CLOSE.offence, "the message is no JSON object");
    this.#take(value);
  }

  #take(value: object): void {
    switch (this.#state.phase) {
      case "greeting":
        this.#state.cancelTimeout();
        return this.#hello(value);
      case "verifying":
        return this.close(CLOSE.offence, "wait for the welcome");
      case "open":
        return this.#ballot(value, this.#state);
      case "closed":
        return;
    }
  }

  #hello(value: object): void {
    this.#state = { phase: "verifying" };
    const hello = check(HelloMessage, value, "reading the hello");
    if (isRefusal(hello)) return this.#refuseAndClose(hello);
    const receiver = this.#context.tokens.receiver(hello.token);
    if (!(receiver instanceof Promise)) return this.#welcome(receiver, hello.revision);
    void receiver.then((known) => this.#welcome(known, hello.revision));
  }

  #welcome(receiver: Receiver | Refusal, revision: string | undefined): void {
    if (this.#state.phase === "closed") return;
    if (isRefusal(receiver)) return this.#refuseAndClose(receiver);
    const { feed, world } = this.#context;
    const { subject, signed } = receiver;
    const refusal = feed.show.arrive(subject, signed) ?? this.#open(receiver);
    if (refusal) return this.#refuseAndClose(refusal);
    this.#socket.keep?.({ show: feed.show.definition.id, receiver } satisfies KeptSession);
    this.#send(JSON.stringify({ type: "welcome", receiver: subject, revision: feed.tag, time: world.clock.now() }));
    if (revision !== feed.tag) this.#send(feed.whole());
  }

  #open(receiver: Receiver): Refusal | undefined {
    const { feed, sockets } = this.#context;
    if (!sockets.add(receiver.subject))
      return refuse("rate_limited", `this receiver has ${MAX_SOCKETS_PER_RECEIVER} sockets here, the limit`, {
        retryAfterS: 5,
      });
    const ends = [
      () => sockets.delete(receiver.subject),
      feed.follow((message) => this.#send(message)),
      feed.show.orders.follow(receiver.subject, (order) =>
        this.#send(JSON.stringify({ type: "order", ...orderAnswer(order) })),
      ),
    ];
    const identity = new RememberedId(receiver.subject);
    this.#state = { phase: "open", receiver, identity, unfollow: () => ends.forEach((end) => end()) };
    return undefined;
  }

  #ballot(value: object, { receiver, identity }: OpenState): void {
    if (receiver.expiresAt <= this.#context.world.clock.now())
      return this.#refuseAndClose(this.#context.tokens.refuseExpired());
    const ballot = readBallotMessage(value);
    if (isRefusal(ballot)) return this.#answer(idOf(value), ballot);
    const { id, poll, option, press, k, level } = ballot;
    const { subject, signed } = receiver;
    const request = { subject, identity, signed, poll, option, press, k, level };
    cast(this.#context.casting, this.#context.feed.show, request, (answer) => {
      if (answer instanceof Error) this.#mistake(id, answer);
      else this.#answer(id, answer);
    });
  }

  #answer(id: string | undefined, answer: Receipt | Refusal): void {
    this.#send(
      isRefusal(answer)
        ? refusedMessage(answer, id)
        : `{"type":"receipt","id":${JSON.stringify(id)},${JSON.stringify(answer).slice(1)}`,
    );
  }

  #mistake(id: string, error: Error): void {
    this.#context.world.log("error", "casting a ballot failed", { error: String(error) });
    this.#answer(
      id,
      refuse("internal", "casting the ballot failed; trying again with the same press is safe", { retryAfterS: 1 }),
    );
  }

  #send(message: string): void {
    if (this.#state.phase === "closed") return;
    if (this.#socket.bufferedAmount > MAX_WAITING_BYTES)
      return this.close(CLOSE.slow, "you do not read what you are sent");
    this.#socket.send(message);
  }

  /** Says why first: a close reason has room for 123 bytes only. */
  #refuseAndClose(refusal: Refusal): void {
    this.#send(refusedMessage(refusal));
    this.close(closeCodeOf(refusal.refused), refusal.refused);
  }

  #takeTurn(): boolean {
    const { limit, world } = this.#context;
    const now = world.clock.now();
    if (waitFor(limit, this.#bucket, now) > 0) return false;
    this.#bucket = takeOne(limit, this.#bucket, now);
    return true;
  }

  #end(): void {
    const state = this.#state;
    if (state.phase === "closed") return;
    this.#state = { phase: "closed" };
    if (state.phase === "greeting") state.cancelTimeout();
    if (state.phase === "open") state.unfollow();
    this.#onclosed(this);
  }
}

/** The problem document; its "type", which only repeats the code, gives way to the message's. */
function refusedMessage(refusal: Refusal, id?: string): string {
  return JSON.stringify({ ...problemDocument(refusal), type: "refused", id });
}

function parse(message: string): object | undefined {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The message's own name for itself, as far as it has one that can be sent back. */
function idOf(value: object): string | undefined {
  return "id" in value && typeof value.id === "string" ? value.id.slice(0, MAX_MESSAGE_ID_CHARS) : undefined;
}
