import type { Poll } from "../../crdt/show.ts";
import { isRefusal, type Refusal } from "../../edge/refusal.ts";
import type { PollView, ShowService } from "../../edge/service.ts";
import type { Dice } from "./dice.ts";
import type { Front } from "./front.ts";
import type { Machine } from "./machine.ts";
import { CREATES_AT, ENCORE, type Plan } from "./plan.ts";
import type { Stage } from "./stage.ts";

export const SHOW = "gala";
const NAME = "producer";

/** A change of the board that an edge has confirmed. */
export interface Deed {
  readonly action: "arm" | "open" | "close" | "lost";
  /** A poll's id, or "edge/boot". */
  readonly target: string;
  /** Whose disk holds it. */
  readonly boot: string;
}

/** What a producer needs of the run. */
export interface Control {
  readonly stage: Stage;
  readonly front: Front;
  readonly plan: Plan;
  /** Edges that a producer may turn to. */
  edges(): readonly Machine[];
  /** Whether this boot's disk is still there, and will be read again. */
  mayReturn(boot: string): boolean;
  /** Whether this boot was told, before it ended, that no result waits for it. */
  hasLeft(boot: string): boolean;
}

/** When the last poll opens after healing, ms: half-open links are found out after 4.5 s, and dialled anew within 3. */
export const ENCORE_AFTER_MS = 8000;
export const ENCORE_MS = 2500;
const TIMEOUT_MS = 1500;
/** Tries of one deed before the producer gives up; after healing all deeds are asked for again. */
const MAX_TRIES = 12;
/** How often the producer looks, after all was healed, for what still has to be done. */
const LOOK_MS = 400;

/** Whoever runs the show: creates it, opens and closes its polls, names boots lost. With books of its own. */
export class Producer {
  readonly deeds: Deed[] = [];
  readonly #control: Control;
  readonly #dice: Dice;

  constructor(control: Control) {
    this.#control = control;
    this.#dice = control.stage.dice("producer");
  }

  /** Schedules the show as planned. */
  direct(): void {
    const { stage, plan } = this.#control;
    // By a script, perhaps, that asks two edges, and again where an answer is late.
    for (let i = this.#dice.between(1, 2); i > 0; i--) stage.after(CREATES_AT, () => void this.#create());
    for (const { poll, at, forMs, byItself } of plan.rundown) {
      stage.after(at - 600, () => void this.#arm(poll));
      stage.after(at, () => void this.#open(poll, byItself ? forMs : undefined));
      // What is asked of two edges at once is asked on both sides of a partition.
      if (!byItself)
        for (let i = this.#dice.between(1, 2); i > 0; i--) stage.after(at + forMs, () => void this.#close(poll));
    }
  }

  /** All is healed: opens what never was, closes what is open, and names lost what does not come back. */
  finish(): void {
    const { stage, plan } = this.#control;
    if (plan.polls[ENCORE]) stage.after(ENCORE_AFTER_MS, () => void this.#open(ENCORE, ENCORE_MS));
    this.#look();
  }

  /** Names an edge's present boot lost, whether it is or not. */
  async nameLost(host: string): Promise<void> {
    const entry = this.#someShow()
      ?.roster()
      .find(({ edge, lost }) => edge === host && !lost);
    if (entry) await this.#nameLost(entry.edge, entry.boot);
  }

  async #create(): Promise<void> {
    const { plan, front, stage } = this.#control;
    const polls = plan.polls.map(({ index: _, ...poll }) => poll);
    const machine = this.#dice.pick(this.#control.edges());
    const reply = await front.ask(machine, TIMEOUT_MS, (program) =>
      program.edge!.createShow({ id: SHOW, title: "Gala", shards: plan.shards, polls }, NAME),
    );
    const isDone = reply.kind === "answer" && (!isRefusal(reply.answer) || reply.answer.refused === "show_exists");
    if (!isDone) return void stage.after(100, () => void this.#create());
    stage.note("show created");
    for (let page = 0; page < plan.pages; page++) stage.after(page * 10, () => void this.#publish(machine, page));
  }

  async #publish(machine: Machine, page: number): Promise<void> {
    const item = { id: `page${page}`, kind: "page", title: "A page", text: "", at: 0 } as const;
    await this.#control.front.ask(machine, TIMEOUT_MS, async (program) => {
      const show = program.edge!.show(SHOW);
      return isRefusal(show) ? show : show.deeds.publish(item, undefined, NAME);
    });
  }

  #arm(poll: number): Promise<void> {
    return this.#deed("arm", this.#poll(poll).id, (show, id) => show.deeds.arm(id, NAME));
  }

  async #open(poll: number, durationMs: number | undefined): Promise<void> {
    await this.#arm(poll);
    await this.#deed("open", this.#poll(poll).id, (show, id) => show.deeds.open(id, NAME, durationMs));
  }

  #close(poll: number): Promise<void> {
    return this.#deed("close", this.#poll(poll).id, (show, id) => show.deeds.close(id, NAME));
  }

  #nameLost(edge: string, boot: string): Promise<void> {
    return this.#deed("lost", `${edge}/${boot}`, (show) => show.deeds.nameLost(edge, boot, NAME));
  }

  /** Asks one edge after another until one confirms, or says that it has come about already. */
  async #deed(
    action: Deed["action"],
    target: string,
    act: (show: ShowService, target: string) => Promise<PollView | void | Refusal>,
  ): Promise<void> {
    const { stage, front } = this.#control;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const machine = this.#dice.pick(this.#control.edges());
      const reply = await front.ask(machine, TIMEOUT_MS, async (program) => {
        const show = program.edge!.show(SHOW);
        const answer = isRefusal(show) ? show : await act(show, target).catch(failed);
        return { answer, boot: program.member.boot };
      });
      if (reply.kind === "answer") {
        const { answer, boot } = reply.answer;
        stage.note(`${machine.host} ${action} ${target}`, answer && isRefusal(answer) ? answer.refused : "done");
        if (!answer || !isRefusal(answer)) return void this.deeds.push({ action, target, boot });
        if (answer.refused === "poll_state" && !isBefore(action, String(answer.extra?.["state"]))) return;
      }
      await new Promise<void>((resolve) => void stage.after(this.#dice.between(100, 500), resolve));
    }
  }

  #look(): void {
    const { stage, plan } = this.#control;
    stage.after(LOOK_MS, () => this.#look());
    const show = this.#someShow();
    if (!show) return;
    for (const { definition, state, closesAt } of show.polls()) {
      if (definition.index === ENCORE) continue;
      if (state === "draft" || state === "armed") void this.#open(definition.index, 500);
      if (state === "open" && closesAt === undefined) void this.#close(definition.index);
    }
    const { host } = plan.victim ?? {};
    const isMissed = (boot: string): boolean => !this.#control.mayReturn(boot) && !this.#control.hasLeft(boot);
    for (const { edge, boot, lost } of show.roster())
      if (!lost && (edge === host || isMissed(boot))) void this.#nameLost(edge, boot);
  }

  #someShow(): ShowService | undefined {
    for (const { running } of this.#control.edges()) {
      const show = running?.life.frozen ? undefined : running?.edge?.show(SHOW);
      if (show && !isRefusal(show)) return show;
    }
    return undefined;
  }

  #poll(index: number): Poll {
    return this.#control.plan.polls[index]!;
  }
}

/** Whether a poll in this state still has to come to what is asked: this edge may not have heard of an earlier deed. */
function isBefore(action: Deed["action"], state: string): boolean {
  return (action === "open" && state === "draft") || (action === "close" && (state === "draft" || state === "armed"));
}

/** The edge's log took the change of the board for a moment only: the route answers 503, and the producer asks again. */
function failed(): Refusal {
  return { refused: "internal", detail: "the change could not be logged" };
}
