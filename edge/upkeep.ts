import { EVERY_POLL } from "../crdt/ballot.ts";
import { parseChainId } from "../crdt/batch.ts";
import type { Schedule } from "../crdt/deed.ts";
import type { RosterEntry } from "../crdt/roster.ts";
import type { Member } from "../crdt/member.ts";
import type { Replica } from "../crdt/replica.ts";
import { dueSchedule, isBusy, stateOf, type Programme } from "./programme.ts";

/** Where an edge stands, for its entry on the roster. */
export interface EdgePlace extends Pick<RosterEntry, "region" | "address" | "place"> {
  /**
   * When a boot joins a show: at once, or not before it may be needed, since one that is woken only to be read from
   * should leave no trace in the documents.
   */
  readonly joins: "at once" | "when needed";
}

/** How far an edge is with its life: it takes requests, or no more, or has none under way and ends what it wrote. */
export type LifeStage = "live" | "draining" | "leaving";

/** What an edge does for a show without being asked: its roster entry, its earlier boots' batches, scheduled openings, seals. */
export class Upkeep {
  readonly #replica: Replica;
  readonly #member: Member;
  readonly #place: EdgePlace;
  #reappended = false;
  #joined = false;
  /** Polls whose seal is on its way into the log. */
  readonly #sealing = new Set<number>();
  #ending = false;

  constructor(replica: Replica, member: Member, place: EdgePlace) {
    this.#replica = replica;
    this.#member = member;
    this.#place = place;
  }

  /** Called at intervals while the replica is ready. `sells`: whether receivers may order now. */
  tick(stage: LifeStage, programme: Programme, sells: () => boolean): void {
    const now = this.#member.clock.now();
    this.#joined ||= this.#place.joins === "at once" || isBusy(programme, now) || this.#hasWritten || sells();
    if (this.#joined) this.#keepRoster(this.#stateAt(stage), now);
    this.#reappend();
    if (!this.#member.clockTrust().trusted) return;
    if (stage === "live") this.#openDue(programme, now);
    if (this.#hasEnded) return;
    this.#sealClosed(programme, now);
    if (stage === "leaving") this.#end(now);
  }

  /** Whether this boot is part of the show: its register and its roster entry are its own from then on. */
  get hasJoined(): boolean {
    return this.#joined;
  }

  /** Whether something that was written here, by this boot or one before it, is not in the permanent database yet. */
  get owesRecorder(): boolean {
    const { board, waiting } = this.#replica;
    if (waiting > 0) return true;
    const { name, boot: own, earlierBoots } = this.#member;
    const { recorded } = board.watermarks;
    return [...this.#replica.coverage().entries()].some(([id, sequence]) => {
      const { edge, boot } = parseChainId(id);
      return edge === name && (boot === own || earlierBoots.includes(boot)) && sequence > (recorded[id] ?? 0);
    });
  }

  /** Whether no result waits for this boot any more, whatever polls are still to come. */
  get hasLeft(): boolean {
    return !this.#joined || (this.#hasEnded && !this.owesRecorder);
  }

  get #hasEnded(): boolean {
    return this.#replica.hasSealed(EVERY_POLL);
  }

  #stateAt(stage: LifeStage): RosterEntry["state"] {
    if (stage === "live") return "live";
    return this.#hasEnded ? "drained" : "draining";
  }

  get #hasWritten(): boolean {
    return [...this.#replica.shards().values()].some(({ writer }) => writer.sequence > 0);
  }

  /** With this boot on the roster its predecessors on the same disk leave it: it seals for them. */
  #keepRoster(state: RosterEntry["state"], now: number): void {
    const { name, boot, earlierBoots } = this.#member;
    const { board } = this.#replica;
    const own = board.roster().filter((entry) => entry.edge === name);
    // An earlier boot's entry may arrive late, by a peer that had been away.
    const overdue = own.some((entry) => earlierBoots.includes(entry.boot));
    if (!overdue && own.some((entry) => entry.boot === boot && entry.state === state)) return;
    const { region, address, place } = this.#place;
    const entry: RosterEntry = {
      region,
      address,
      ...(place ? { place } : {}),
      edge: name,
      boot,
      state,
      shards: [...this.#replica.shards().keys()],
      since: now,
    };
    this.#note(
      "roster entry",
      this.#replica.change(() => {
        board.setRosterEntry(entry);
        for (const earlier of earlierBoots) board.removeRosterEntry(name, earlier);
      }),
    );
  }

  #reappend(): void {
    if (this.#reappended) return;
    this.#reappended = true;
    const reappended = this.#replica.reappend().catch((error: unknown) => {
      this.#reappended = false;
      throw error;
    });
    this.#note("earlier boots' batches", reappended);
  }

  /** Opens what the schedule says, at every edge alike, so that one that is cut off opens in time too. */
  #openDue(programme: Programme, now: number): void {
    for (const poll of programme.polls()) {
      const due = dueSchedule(poll, now);
      if (due) this.#note("opening by schedule", this.#openBySchedule(poll.definition.id, due));
    }
  }

  /** Every edge writes the same words, so it does not matter whose come first. */
  #openBySchedule(id: string, { opensAt: at, openMs, by }: Schedule): Promise<void> {
    const closes = openMs === undefined ? {} : { closesAt: at + openMs };
    return this.#replica.change((board) => {
      board.addTransition(id, "armed", { at, by });
      board.addTransition(id, "open", { at, by, ...closes });
      board.addAudit(`${at}-schedule-${id}`, { at, by, edge: "every edge", action: "open by schedule", target: id });
    });
  }

  #sealClosed(programme: Programme, now: number): void {
    for (const poll of programme.polls()) {
      const { index } = poll.definition;
      if (stateOf(poll, now) !== "closed" || this.#sealing.has(index) || this.#replica.hasSealed(index)) continue;
      this.#sealing.add(index);
      this.#note(
        "seal",
        this.#replica.seal(index, now).finally(() => this.#sealing.delete(index)),
      );
    }
  }

  /**
   * Seals every poll for good, once the recorder has all that was written so far: where it is away, a later boot on this
   * disk must be able to admit in this one's place, and after this seal it has to wait for the recorder.
   */
  #end(now: number): void {
    if (this.#ending || !this.#joined || this.owesRecorder || !this.#member.isLinkedToProcess) return;
    this.#ending = true;
    this.#note(
      "end",
      this.#replica.end(now).finally(() => (this.#ending = false)),
    );
  }

  #note(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.#member.world.log("warn", `${what} could not be written`, {
        show: this.#replica.show,
        error: String(error),
      }),
    );
  }
}
