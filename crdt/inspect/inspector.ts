import type { Member } from "../member.ts";
import type { LinkStatus } from "../replicate/backbone.ts";
import type { Replica } from "../replica.ts";
import { decodeQuestion, encodeQuestion, type Question } from "./question.ts";
import { readEntries } from "./read/entries.ts";
import { findBallot, readPresses, readSeen } from "./read/ballots.ts";
import { readLog } from "./read/log.ts";
import type { Readings } from "./read/readings.ts";
import { readStates } from "./read/states.ts";
import { readStatus, type Facts } from "./read/status.ts";
import { readStructs } from "./read/structs.ts";
import { readThresholds } from "./read/thresholds.ts";
import { readUpdates } from "./read/updates.ts";

/** How long another member may take to answer, ms: a page waits for it. */
export const ANSWER_MS = 500;
/**
 * Questions that are under way over members in between: with those of `MAX_INSPECTIONS` views asked directly they are as
 * many as a member answers at once over one link.
 */
export const AROUND_AT_ONCE = 4;
/** What a clock's offset is off by on a busy machine, beyond what the round trip says, ms. */
const CLOCK_SLACK_MS = 10;

/** What a member says to one question; undefined `reading` where it does not know the show. */
export interface Answer<R> {
  readonly member: string;
  /** Its clock minus the asker's, ms; 0 where that is not known. */
  readonly offsetMs: number;
  readonly reading?: R;
  readonly why?: "no link" | "no answer";
  /** When it last compared itself with the asker, ms since 1970. */
  readonly heardAt?: number;
}

/**
 * The read-only view into one member, and through it into all: answers questions about itself, and gathers the answers
 * of the others over the backbone's links. Does nothing while nobody asks.
 */
export class Inspector {
  readonly member: Member;
  readonly #facts: (() => Facts) | undefined;
  readonly #startedAt: number;
  readonly #inTurn = atMost(AROUND_AT_ONCE);

  /** `facts` tells what only the program around the member knows. */
  constructor(member: Member, facts?: () => Facts) {
    this.member = member;
    this.#facts = facts;
    this.#startedAt = member.world.clock.now();
  }

  /** Lets peers ask: an `Answerer`. */
  answer(bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const asked = decodeQuestion(bytes);
    if (!asked) return Promise.resolve(undefined);
    const { to, question } = asked;
    if (to === undefined || to === this.member.name) return this.#encoded(question);
    // One hop and no more: the question goes on without a name.
    return this.member.backbone.ask(to, encodeQuestion(question), ANSWER_MS);
  }

  /** What this member says itself. */
  async read<Q extends Question>(question: Q): Promise<Readings[Q["ask"]] | undefined> {
    return (await this.#read(question)) as Readings[Q["ask"]] | undefined;
  }

  /** What all members say, this one first. */
  async gather<Q extends Question>(question: Q): Promise<Answer<Readings[Q["ask"]]>[]> {
    const own = this.read(question).then((reading) => answered<Readings[Q["ask"]]>(this.member.name, 0, reading));
    const links = new Map(this.member.links().map((link) => [link.peer, link]));
    const others = this.member.backbone.others.map((peer) =>
      this.#ask(links.get(peer) ?? { peer, open: false, roundTripMs: 0 }, question),
    );
    return Promise.all([own, ...others]);
  }

  /** One member's answer, over our link or that of a member in between. */
  async #ask<Q extends Question>(
    { peer, open, roundTripMs }: Pick<LinkStatus, "peer" | "open" | "roundTripMs">,
    question: Q,
  ): Promise<Answer<Readings[Q["ask"]]>> {
    const { backbone } = this.member;
    const bytes = open
      ? await backbone.ask(peer, encodeQuestion(question), ANSWER_MS)
      : await this.#inTurn(() => this.#askAround(peer, question));
    const { at } = backbone.heard(peer);
    const heard = at > 0 ? { heardAt: at } : {};
    const offset = backbone.clockOffset(peer) ?? 0;
    // Within what the round trip leaves open, the clocks may as well be equal: cause would seem to follow effect.
    const offsetMs = Math.abs(offset) <= roundTripMs / 2 + CLOCK_SLACK_MS ? 0 : offset;
    if (!bytes) return { member: peer, offsetMs, why: open ? "no answer" : "no link", ...heard };
    return { ...answered<Readings[Q["ask"]]>(peer, offsetMs, decoded(bytes)), ...heard };
  }

  /** The first answer that a linked member brings from one with which we have no link. */
  async #askAround(peer: string, question: Question): Promise<Uint8Array | undefined> {
    const between = this.member.links().filter((link) => link.open);
    const asked = between.map(async (link) => {
      const answer = await this.member.backbone.ask(link.peer, encodeQuestion(question, peer), ANSWER_MS);
      if (!answer) throw new Error(`"${link.peer}" cannot reach "${peer}" either`);
      return answer;
    });
    return Promise.any(asked).catch(() => undefined);
  }

  /** A show or document that this member does not hold is answered with null: silence would mean that it is away. */
  async #encoded(question: Question): Promise<Uint8Array> {
    return new TextEncoder().encode(JSON.stringify((await this.#read(question)) ?? null));
  }

  async #read(question: Question): Promise<Readings[Question["ask"]] | undefined> {
    const { member } = this;
    if (question.ask === "status") return readStatus(member, this.#startedAt, this.#facts?.());
    if (question.ask === "find") return findBallot(member, question);
    const replica = member.replica(question.show);
    return replica && readShow(member, replica, question);
  }
}

function readShow(
  member: Member,
  replica: Replica,
  question: Exclude<Question, { ask: "status" | "find" }>,
): Readings[Question["ask"]] | Promise<Readings[Question["ask"]]> | undefined {
  switch (question.ask) {
    case "states":
      return readStates(member, replica);
    case "entries":
      return readEntries(member, replica, question);
    case "structs":
      return readStructs(member, replica, question);
    case "log":
      return readLog(replica, question);
    case "updates":
      return readUpdates(replica, question);
    case "thresholds":
      return readThresholds(replica);
    case "presses":
      return readPresses(replica, question);
    case "seen":
      return readSeen(replica, question);
  }
}

function answered<R>(member: string, offsetMs: number, reading: R | undefined): Answer<R> {
  return reading === undefined ? { member, offsetMs } : { member, offsetMs, reading };
}

/** A peer has proved who it is, and its build is ours or the one beside it: what it says has the form that we know. */
function decoded<R>(bytes: Uint8Array): R | undefined {
  return (JSON.parse(new TextDecoder().decode(bytes)) as R | null) ?? undefined;
}

/** Lets so many tasks run at once; others wait for one to end, in their order. */
function atMost(count: number): <T>(task: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
