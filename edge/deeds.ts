import { bytesToHex } from "@noble/hashes/utils.js";
import type { Board } from "../crdt/board.ts";
import type { ContentItem } from "../crdt/content.ts";
import type { Declaration, Schedule } from "../crdt/deed.ts";
import type { Member } from "../crdt/member.ts";
import { mayBecome, type PollState, type TransitionName } from "../crdt/poll.ts";
import { SHOW_KEY_BYTES } from "../crdt/receiver.ts";
import type { Replica } from "../crdt/replica.ts";
import { StoreFull } from "../crdt/store/store.ts";
import { unknownPoll } from "./intake.ts";
import { stateOf, type Programme } from "./programme.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { PollView } from "./service.ts";

/** Bytes of all pictures of a show: the board is logged as one record of at most 4 MiB, and every edge holds it. */
export const MAX_PICTURES_BYTES = 3 * 1024 * 1024;

/** Polls that may still count ballots: their receivers have to be told apart. */
const BUSY: ReadonlySet<PollState> = new Set(["armed", "open", "closing", "closed"]);

/** What producers do to a show. Each deed leaves an audit entry, and is durable here when it resolves. */
export interface DeedService {
  arm(poll: string, by: string): Promise<PollView | Refusal>;
  open(poll: string, by: string, durationMs?: number): Promise<PollView | Refusal>;
  close(poll: string, by: string): Promise<PollView | Refusal>;
  void(poll: string, by: string): Promise<PollView | Refusal>;
  release(poll: string, by: string): Promise<PollView | Refusal>;
  /** Has a poll open and close by itself; undefined takes that back. */
  schedule(poll: string, times: ScheduledTimes | undefined, by: string): Promise<PollView | Refusal>;
  /** Starts the rundown: schedules each of its polls that is still to come, from `startsAt` on. */
  startRundown(startsAt: number, by: string): Promise<void | Refusal>;
  /**
   * Emergency stop: closes what is open, takes back what is scheduled, takes off every threshold that could fire, and
   * takes everything off the screens.
   */
  stop(by: string): Promise<Stopped | Refusal>;
  /** Destroys the show's key: nothing leads from its ballots back to receivers any more. Only once nothing is open. */
  forget(by: string): Promise<Declaration | Refusal>;
  /** Takes something published off the screens. */
  withdraw(id: string, by: string): Promise<ContentItem | Refusal>;
  /** Names a boot lost: finals no longer wait for it. */
  nameLost(edge: string, boot: string, by: string): Promise<void | Refusal>;
  publish(item: ContentItem, picture: Uint8Array | undefined, by: string): Promise<ContentItem | Refusal>;
}

export type ScheduledTimes = Omit<Schedule, "by">;

/** What an emergency stop has ended, by ids. */
export interface Stopped {
  readonly closed: readonly string[];
  readonly unscheduled: readonly string[];
  readonly disarmed: readonly string[];
  readonly withdrawn: readonly string[];
}

/** What deeds need of their show. */
export interface DeedHost {
  readonly replica: Replica;
  readonly member: Member;
  /** Why nothing may be done here now: an edge that is not sure of its clock would write wrong times for all of them. */
  refusal(): Refusal | undefined;
  programme(): Programme;
  poll(id: string): PollView | Refusal;
  /** Ids of the thresholds that a crossing would fire. */
  mayFire(): string[];
}

export class Deeds implements DeedService {
  readonly #host: DeedHost;
  /** Deeds of this boot, so that two in the same millisecond have two audit entries. */
  #written = 0;

  constructor(host: DeedHost) {
    this.#host = host;
  }

  /** One change of the board with its audit entry; a refusal where the edge may not, or cannot. */
  async write(
    action: string,
    target: string,
    by: string,
    edit: (board: Board, at: number) => void,
  ): Promise<Refusal | undefined> {
    const refusal = this.#host.refusal();
    if (refusal) return refusal;
    const { boot, name, clock } = this.#host.member;
    const at = clock.now();
    this.#written += 1;
    const key = `${at}-${boot}-${this.#written}`;
    try {
      await this.#host.replica.change((board) => {
        edit(board, at);
        board.addAudit(key, { at, by, edge: name, action, target });
      });
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      // It stands on the board, and comes into the log with the next change that finds room.
      return refuse("log_full", `${action} "${target}" is in force and not in the edge's log: there is no room`, {
        retryAfterS: 2,
      });
    }
    return undefined;
  }

  arm(id: string, by: string): Promise<PollView | Refusal> {
    return this.#transition(id, "armed", by);
  }

  open(id: string, by: string, durationMs?: number): Promise<PollView | Refusal> {
    return this.#transition(id, "open", by, durationMs);
  }

  close(id: string, by: string): Promise<PollView | Refusal> {
    return this.#transition(id, "closing", by);
  }

  void(id: string, by: string): Promise<PollView | Refusal> {
    return this.#transition(id, "void", by);
  }

  async release(id: string, by: string): Promise<PollView | Refusal> {
    if (!this.#programme.poll(id)) return unknownPoll(this.#show, id);
    const refusal = await this.write("release", id, by, (board, at) => board.release(id, { at, by }));
    return refusal ?? this.#host.poll(id);
  }

  async schedule(id: string, times: ScheduledTimes | undefined, by: string): Promise<PollView | Refusal> {
    const poll = this.#programme.poll(id);
    if (!poll) return unknownPoll(this.#show, id);
    if (poll.transitions.open || poll.transitions.void)
      return refuse("poll_state", `poll "${id}" is ${stateOf(poll, this.#now)}: it opens no more`);
    const refusal = await this.write(times ? "schedule" : "unschedule", id, by, (board) =>
      times ? board.setSchedule(id, { ...times, by }) : board.removeSchedule(id),
    );
    return refusal ?? this.#host.poll(id);
  }

  async startRundown(startsAt: number, by: string): Promise<void | Refusal> {
    const { rundown = [] } = this.#board.show!;
    if (rundown.length === 0) return refuse("malformed", `show "${this.#show}" has no rundown to start`);
    return this.write("rundown", this.#show, by, (board) => {
      for (const { poll, afterMs, openMs } of rundown)
        if (!board.transitions(poll).open)
          board.setSchedule(poll, { opensAt: startsAt + afterMs, by, ...(openMs === undefined ? {} : { openMs }) });
    });
  }

  async stop(by: string): Promise<Stopped | Refusal> {
    const now = this.#now;
    const polls = [...this.#programme.polls()];
    const idsOf = (ofThese: typeof polls) => ofThese.map(({ definition }) => definition.id);
    const stopped: Stopped = {
      closed: idsOf(polls.filter((poll) => mayBecome(stateOf(poll, now), "closing"))),
      unscheduled: idsOf(polls.filter((poll) => poll.schedule && !poll.transitions.open)),
      disarmed: this.#host.mayFire(),
      withdrawn: this.#board.content().map(({ id }) => id),
    };
    const refusal = await this.write("stop", this.#show, by, (board, at) => {
      for (const id of stopped.closed) board.addTransition(id, "closing", { at, by });
      for (const id of stopped.unscheduled) board.removeSchedule(id);
      for (const id of stopped.disarmed) board.disarm(id, { at, by });
      for (const id of stopped.withdrawn) board.withdraw(id);
    });
    return refusal ?? stopped;
  }

  async forget(by: string): Promise<Declaration | Refusal> {
    const now = this.#now;
    const unfinished = [...this.#programme.polls()].find((poll) => BUSY.has(stateOf(poll, now)));
    if (unfinished)
      return refuse(
        "poll_state",
        `forgetting the key of "${this.#show}": poll "${unfinished.definition.id}" is not over yet`,
      );
    const wrappedKey = bytesToHex(this.#host.member.world.random.bytes(SHOW_KEY_BYTES));
    const refusal = await this.write("forget", this.#show, by, (board, at) => board.forgetKey(wrappedKey, { at, by }));
    return refusal ?? this.#board.forgotten!;
  }

  async withdraw(id: string, by: string): Promise<ContentItem | Refusal> {
    const item = this.#board.content().find((each) => each.id === id);
    if (!item) return refuse("unknown_content", `the show has nothing published as "${id}"`);
    return (await this.write("withdraw", id, by, (board) => board.withdraw(id))) ?? item;
  }

  async nameLost(edge: string, boot: string, by: string): Promise<void | Refusal> {
    if (!this.#board.roster().some((entry) => entry.edge === edge && entry.boot === boot))
      return refuse("malformed", `naming "${edge}/${boot}" lost: the roster of "${this.#show}" has no such boot`);
    return this.write("lost", `${edge}/${boot}`, by, (board, at) => board.nameLost(edge, boot, { at, by }));
  }

  async publish(item: ContentItem, picture: Uint8Array | undefined, by: string): Promise<ContentItem | Refusal> {
    const bytes = this.#board.pictureBytes + (picture?.length ?? 0);
    if (picture && bytes > MAX_PICTURES_BYTES)
      return refuse("too_large", `the show's pictures would have ${bytes} bytes, the limit is ${MAX_PICTURES_BYTES}`);
    const refusal = await this.write("publish", item.id, by, (board) => board.publish(item, picture));
    return refusal ?? item;
  }

  async #transition(
    id: string,
    name: Exclude<TransitionName, "final">,
    by: string,
    durationMs?: number,
  ): Promise<PollView | Refusal> {
    const refusal = this.#host.refusal();
    if (refusal) return refusal;
    const poll = this.#programme.poll(id);
    if (!poll) return unknownPoll(this.#show, id);
    const state = stateOf(poll, this.#now);
    if (!mayBecome(state, name))
      return refuse("poll_state", `poll "${id}" is ${state} and cannot become ${name}`, { extra: { state } });
    const unwritten = await this.write(name, id, by, (board, at) => {
      const closes = durationMs === undefined ? {} : { closesAt: at + durationMs };
      board.addTransition(id, name, { at, by, ...closes });
    });
    return unwritten ?? this.#host.poll(id);
  }

  get #board(): Board {
    return this.#host.replica.board;
  }

  get #programme(): Programme {
    return this.#host.programme();
  }

  get #show(): string {
    return this.#host.replica.show;
  }

  get #now(): number {
    return this.#host.member.clock.now();
  }
}
