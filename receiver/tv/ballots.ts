import type { MineBody, PollBody } from "../../edge/answers.ts";
import type { Account } from "./account.ts";
import { pause, type Edges } from "./edges.ts";
import type { Live } from "./live.ts";
import { ANSWER_TIMEOUT_MS, ask, type Answer } from "./request.ts";
import { keep, load } from "./storage.ts";

/** Times that a poll which this receiver knows to be open may be "not open yet" for an edge that has yet to hear of it. */
var MAX_NOT_OPEN = 5;

/**
 * One of a receiver's votes in a poll, as it stands:
 *
 *     waiting ── receipt ──► counted
 *        └────── refused ──► refused
 */
export interface Ballot {
  readonly option: string;
  press: number;
  is: "waiting" | "counted" | "refused";
  /** When counted: what a viewer can read out. Missing where the receipt was lost on its way. */
  code?: string | undefined;
  /** When refused: the edge's code for why. */
  why?: string | undefined;
  /** An earlier try had no answer, and may have counted all the same. */
  isUnsure?: boolean;
  /** What stood here before, and stands again if this one is refused. */
  before?: { readonly option: string; readonly code?: string | undefined } | undefined;
}

/** A receiver's votes in one poll: by k, from 1. */
export interface Slots {
  /** The newest press. */
  press: number;
  byK: { [k: string]: Ballot };
}

export interface Ballots {
  /** What this receiver has chosen in a poll so far. */
  readonly of: (poll: string) => Slots | undefined;
  /** Keeps the choice, then sends it. */
  readonly choose: (poll: PollBody, option: string) => void;
  /** Sends again what was pressed before the set was switched off. */
  readonly resume: () => void;
  /** Takes an answer that came on the socket. */
  readonly hear: (message: AnswerMessage) => void;
  /** The socket is gone, and with it the answers it owed. */
  readonly onlost: () => void;
}

interface AnswerMessage {
  readonly type: "receipt" | "refused";
  readonly id?: string;
}

/** Members of receipts and problems that are read here. */
interface AnswerBody {
  readonly code?: string;
  readonly retry_after_s?: number;
  readonly known_press?: number;
  readonly known_option?: string;
  readonly shard?: number;
}

interface Sending {
  readonly poll: string;
  readonly k: number;
  readonly ballot: Ballot;
  readonly tries: number;
}

/** The vote that a choice is: the next one that is free, else the oldest. Undefined where the choice changes nothing. */
export function slotFor(
  poll: Pick<PollBody, "mode" | "votes">,
  slots: Slots | undefined,
  option: string,
): number | undefined {
  var oldest = 1;
  for (var k = 1; k <= poll.votes; k++) {
    var ballot = slots && slots.byK[k];
    if (!ballot || ballot.is === "refused") return k;
    if (ballot.press < slots!.byK[oldest]!.press) oldest = k;
  }
  if (poll.mode === "first") return undefined;
  if (poll.votes === 1 && slots!.byK[1]!.option === option) return undefined;
  return oldest;
}

export function createBallots(
  show: string,
  edges: Edges,
  account: Account,
  live: Live,
  onchange: (poll: string) => void,
): Ballots {
  var name = `votes-${show}`;
  var book = load<{ [poll: string]: Slots }>(name) || {};
  /** Message's id → what was sent on the socket and waits for its answer. */
  var owed: { [id: string]: Sending & { timer: ReturnType<typeof setTimeout> } } = {};
  var messages = 0;

  function note(poll: string): void {
    keep(name, book);
    onchange(poll);
  }

  function isNewest(sending: Sending): boolean {
    return book[sending.poll]!.byK[sending.k] === sending.ballot && sending.ballot.is === "waiting";
  }

  function send(sending: Sending): void {
    if (!isNewest(sending) || sendOnSocket(sending)) return;
    var body = { option: sending.ballot.option, press: sending.ballot.press, k: sending.k };
    account.withToken((token) => {
      ask(edges, { method: "POST", path: addressOf(sending.poll), token, body }, (answer) => heard(sending, answer));
    });
  }

  function sendOnSocket(sending: Sending): boolean {
    var id = String((messages += 1));
    var ballot = sending.ballot;
    var message = { type: "ballot", id, poll: sending.poll, option: ballot.option, press: ballot.press, k: sending.k };
    if (!live.send(message)) return false;
    var timer = setTimeout(() => unanswered(id), ANSWER_TIMEOUT_MS);
    owed[id] = { poll: sending.poll, k: sending.k, ballot, tries: sending.tries, timer };
    return true;
  }

  /** A socket that does not answer is worth no more than none. */
  function unanswered(id: string): void {
    if (owed[id]) live.hangUp();
  }

  function heard(sending: Sending, answer: Answer): void {
    if (!isNewest(sending)) return;
    var ballot = sending.ballot;
    var body = answer.body as AnswerBody;
    if (answer.status === 202) return settle(sending, "counted", body.code);
    if (answer.status === 0 || answer.status >= 500) ballot.isUnsure = true;
    if (answer.status === 401) account.forget();
    if (answer.status === 421 && body.shard !== undefined) edges.onshard(body.shard);
    if (answer.status === 409 && body.code === "already_voted" && body.known_option === ballot.option)
      return settle(sending, "counted", undefined);
    var mayTryAgain = isPassing(answer.status) || renumber(sending, body) || isEarly(sending, body);
    if (!mayTryAgain) return refused(sending, body.code || `http_${answer.status}`);
    note(sending.poll);
    again(sending, send, answer.retryAfterS || body.retry_after_s || 0);
  }

  /** A set that has forgotten its presses numbers its newest choice past the known one. */
  function renumber(sending: Sending, body: AnswerBody): boolean {
    if (body.code !== "press_conflict" && body.code !== "press_stale") return false;
    var slots = book[sending.poll]!;
    slots.press = Math.max(slots.press, body.known_press || 0) + 1;
    sending.ballot.press = slots.press;
    return true;
  }

  function again(sending: Sending, step: (next: Sending) => void, retryAfterS: number): void {
    var next = { poll: sending.poll, k: sending.k, ballot: sending.ballot, tries: sending.tries + 1 };
    setTimeout(() => step(next), pause(sending.tries, retryAfterS));
  }

  /* Where an earlier try had no answer, it may have counted all the same: an edge is asked before this says no. */
  function refused(sending: Sending, why: string): void {
    if (!sending.ballot.isUnsure) return settle(sending, "refused", why);
    account.withToken((token) => {
      ask(edges, { method: "GET", path: `${addressOf(sending.poll)}/mine`, token }, (answer) => {
        if (!isNewest(sending)) return;
        if (answer.status !== 200) return again(sending, (next) => refused(next, why), answer.retryAfterS);
        if (stands(answer.body as MineBody, sending)) settle(sending, "counted", undefined);
        else settle(sending, "refused", why);
      });
    });
  }

  function settle(sending: Sending, is: "counted" | "refused", code: string | undefined): void {
    var ballot = sending.ballot;
    ballot.is = is;
    if (is === "counted") ballot.code = code;
    else ballot.why = code;
    note(sending.poll);
  }

  function addressOf(poll: string): string {
    return `/v1/shows/${show}/polls/${poll}/ballots`;
  }

  return {
    of: (poll) => book[poll],
    choose: (poll, option) => {
      var slots = book[poll.id];
      var k = slotFor(poll, slots, option);
      if (k === undefined) return;
      if (!slots) slots = book[poll.id] = { press: 0, byK: {} };
      slots.press += 1;
      var ballot: Ballot = { option, press: slots.press, is: "waiting", before: standing(slots.byK[k]) };
      slots.byK[k] = ballot;
      // Kept before it is sent: a set that loses its power now sends it when it is back.
      note(poll.id);
      send({ poll: poll.id, k, ballot, tries: 0 });
    },
    resume: () => {
      for (var poll in book)
        for (var k in book[poll]!.byK) {
          var ballot = book[poll]!.byK[k]!;
          if (ballot.is !== "waiting") continue;
          ballot.isUnsure = true;
          send({ poll, k: Number(k), ballot, tries: 0 });
        }
    },
    hear: (message) => {
      var sending = message.id === undefined ? undefined : owed[message.id];
      if (!sending) return;
      clearTimeout(sending.timer);
      delete owed[message.id!];
      var status = message.type === "receipt" ? 202 : (message as { status?: number }).status || 400;
      heard(sending, { status, body: message, retryAfterS: 0 });
    },
    onlost: () => {
      var lost = owed;
      owed = {};
      for (var id in lost) {
        clearTimeout(lost[id]!.timer);
        lost[id]!.ballot.isUnsure = true;
        again(lost[id]!, send, 0);
      }
    },
  };
}

/** What an edge says no to now, and may say yes to later; 421: another edge keeps this receiver. */
function isPassing(status: number): boolean {
  return status === 0 || status >= 500 || status === 401 || status === 421 || status === 429;
}

function isEarly(sending: Sending, body: AnswerBody): boolean {
  return body.code === "poll_not_open" && sending.tries < MAX_NOT_OPEN;
}

function stands(mine: MineBody, sending: Sending): boolean {
  for (var i = 0; i < mine.ballots.length; i++) {
    var known = mine.ballots[i]!;
    if (known.k === sending.k && known.press === sending.ballot.press && known.option === sending.ballot.option)
      return true;
  }
  return false;
}

/** The choice that counts while its successor is on its way. */
function standing(ballot: Ballot | undefined): Ballot["before"] {
  if (!ballot) return undefined;
  return ballot.is === "counted" ? { option: ballot.option, code: ballot.code } : ballot.before;
}
