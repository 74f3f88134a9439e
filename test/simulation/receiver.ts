import { receiverHex, receiverId } from "../../crdt/receiver.ts";
import type { Poll } from "../../crdt/show.ts";
import type { Receipt } from "../../edge/receipt.ts";
import { isRefusal, type Refusal } from "../../edge/refusal.ts";
import type { Dice } from "./dice.ts";
import type { Front, Reply } from "./front.ts";
import type { Machine, Program } from "./machine.ts";
import type { Stage } from "./stage.ts";
import { answerOf } from "../support/answer-of.ts";

/** One press of a button, and what its receiver knows of it. */
export interface Attempt {
  readonly poll: number;
  readonly option: number;
  readonly k: number;
  readonly press: number;
  readonly receipts: Receipt[];
}

/** What a receiver needs of the run. */
export interface Studio {
  readonly stage: Stage;
  readonly front: Front;
  readonly show: string;
  readonly polls: readonly Poll[];
  /** Edges that steering knows. */
  edges(): readonly Machine[];
  /** An edge is about to answer for the show. */
  onadmission(program: Program): void;
  /** An edge gives a receipt: now, before anyone hears of it. */
  readonly onreceipt: (receipt: Receipt, attempt: Attempt, receiver: Receiver, program: Program) => void;
}

export interface ReceiverOptions {
  readonly subject: string;
  readonly signed: boolean;
  /** Forgets its presses now and then, as a television that is switched off. */
  readonly forgets: boolean;
}

/** Chance of each press to go to an edge that steering has chosen anew. */
const STEERED_ANEW = 0.2;
/** Tries of one press before its receiver gives up. */
const MAX_TRIES = 10;

/** A viewer's device with books of its own. */
export class Receiver {
  readonly subject: string;
  readonly signed: boolean;
  readonly forgets: boolean;
  readonly attempts: Attempt[] = [];
  readonly #studio: Studio;
  readonly #dice: Dice;
  #home: number;
  /** "poll/k" → its newest choice. */
  readonly #newest = new Map<string, Attempt>();

  constructor(studio: Studio, { subject, signed, forgets }: ReceiverOptions) {
    this.#studio = studio;
    this.subject = subject;
    this.signed = signed;
    this.forgets = forgets;
    this.#dice = studio.stage.dice(`receiver ${subject}`);
    this.#home = this.#dice.below(16);
  }

  /** As it stands in ballots, under the show's key. */
  hexUnder(key: string): string {
    return receiverHex(receiverId(key, this.subject));
  }

  /** Presses a button. */
  choose(poll: number, option: number, k: number): void {
    const id = `${poll}/${k}`;
    if (this.#dice.chance(STEERED_ANEW)) this.#home = this.#dice.below(16);
    if (this.forgets && this.#dice.chance(0.3)) this.#newest.delete(id);
    this.#press(poll, option, k, (this.#newest.get(id)?.press ?? 0) + 1);
  }

  #press(poll: number, option: number, k: number, press: number): void {
    const attempt: Attempt = { poll, option, k, press, receipts: [] };
    this.#newest.set(`${poll}/${k}`, attempt);
    this.attempts.push(attempt);
    void this.#deliver(attempt);
  }

  async #deliver(attempt: Attempt): Promise<void> {
    const { stage } = this.#studio;
    let edge = this.#home;
    for (let tries = 0; tries < MAX_TRIES && this.#isNewest(attempt); tries++) {
      if (tries > 0) stage.saw("a press was tried again");
      const reply = await this.#send(attempt, edge);
      const next = this.#judge(attempt, reply);
      if (next === "done") return;
      if (this.#dice.chance(next === "elsewhere" ? 0.7 : 0.3)) {
        edge += 1;
        stage.saw("a retry moved to another edge");
      }
      await this.#pause(this.#dice.between(50, 600));
    }
  }

  #send(attempt: Attempt, edge: number): Promise<Reply<Receipt | Refusal>> {
    const { front, show, polls, onreceipt } = this.#studio;
    const edges = this.#studio.edges();
    const { poll, option, k, press } = attempt;
    const definition = polls[poll]!;
    const level = this.#dice.chance(0.15) ? "peer" : "local";
    const request = { poll: definition.id, option: definition.options[option]!.id, k, press, level } as const;
    return front.ask(
      edges[edge % edges.length]!,
      this.#dice.between(300, 2500),
      (program) => {
        const service = program.edge!.show(show);
        if (isRefusal(service)) return service;
        this.#studio.onadmission(program);
        if (this.#dice.chance(0.3)) service.arrive(this.subject, this.signed);
        return answerOf(service, { subject: this.subject, signed: this.signed, ...request });
      },
      (answer, program) => {
        if (!isRefusal(answer)) onreceipt(answer, attempt, this, program);
      },
    );
  }

  #judge(attempt: Attempt, reply: Reply<Receipt | Refusal>): "done" | "again" | "elsewhere" {
    const { stage } = this.#studio;
    if (reply.kind !== "answer") {
      stage.saw(reply.kind === "silence" ? "an answer was lost" : "an edge was not there");
      return "elsewhere";
    }
    if (!isRefusal(reply.answer)) {
      attempt.receipts.push(reply.answer);
      return "done";
    }
    const { refused, extra } = reply.answer;
    stage.saw(`refused: ${refused}`);
    switch (refused) {
      case "press_conflict":
      case "press_stale":
        this.#renumber(attempt, Number(extra?.["known_press"]));
        return "done";
      case "already_voted":
      case "poll_closed":
      case "poll_void":
        return "done";
      case "poll_not_open":
        return "again";
      default:
        return "elsewhere";
    }
  }

  /** The edge knows a newer press than ours: the newest choice gets a number beyond it, an older one is dropped. */
  #renumber(attempt: Attempt, known: number): void {
    if (!this.#isNewest(attempt)) return;
    if (!this.forgets)
      this.#studio.stage.violate(
        "whoever remembers its presses is never told of newer ones",
        `${this.subject}: press ${attempt.press} of poll ${attempt.poll}, known ${known}`,
      );
    this.#press(attempt.poll, attempt.option, attempt.k, known + 1);
  }

  #isNewest(attempt: Attempt): boolean {
    return this.#newest.get(`${attempt.poll}/${attempt.k}`) === attempt;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#studio.stage.after(ms, resolve));
  }
}
