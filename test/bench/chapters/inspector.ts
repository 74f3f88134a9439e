import { bytesToHex } from "@noble/hashes/utils.js";
import type { PressJob } from "../programs/press.ts";
import type { Pressed } from "../support/books.ts";
import type { Chapter } from "../support/chapter.ts";
import { Members, pause } from "../support/members.ts";
import { benchProgram, Program } from "../support/program.ts";

/** How long the members' CPU is looked at, ms. */
const LOOK_MS = 4_000;
/** Views that are asked for again and again: one a second, as a page does, is lost in what the members do anyway. */
const VIEWS = ["lag", "status", "log", "doc"] as const;

/** What looking on costs: CPU of all members of an idle network, while nobody watches and for each view that is shown. */
export const inspector: Chapter<"nobody" | (typeof VIEWS)[number]> = {
  title: "Inspector",
  start: async () => {
    const members = await Members.plan({ edges: ["fra", "nyc", "syd"], recorder: true, inspect: true });
    await members.start("deno");
    await members.openShow();
    const watch = (view?: string) => ({ round: () => cpuWhile(members, view) });
    const [lag, status, log, doc] = VIEWS.map(watch) as [Watched, Watched, Watched, Watched];
    return { subjects: { nobody: watch(), lag, status, log, doc }, stop: () => members.stop() };
  },
  rows: (of) => {
    const idle = of("nobody").of("cpuMs");
    return [
      { what: "CPU a second of three edges and a recorder, nobody watches", measured: idle, unit: "ms" },
      ...VIEWS.map((view) => ({
        what: `more of all four for one "${view}"; a page asks for one a second`,
        measured: (of(view).of("cpuMs") - idle) / of(view).of("answers"),
        unit: "ms",
        note: `an answer in ${of(view).of("answerMs").toFixed(1)} ms`,
      })),
    ];
  },
};

interface Watched {
  round(): Promise<{ cpuMs: number; answers: number; answerMs: number }>;
}

/** CPU of all members a second, ms; answers a second, and how long one took, ms. */
async function cpuWhile(members: Members, view?: string) {
  const began = performance.now();
  const before = members.cpu();
  let answers = 0;
  while (view !== undefined && performance.now() - began < LOOK_MS) {
    await members.inspect(view);
    answers += 1;
  }
  if (view === undefined) await pause(LOOK_MS);
  const took = performance.now() - began;
  return {
    cpuMs: (members.cpu() - before) / took,
    answers: (answers * 1000) / took,
    answerMs: took / Math.max(1, answers),
  };
}

/** Ballots a second that come in while somebody watches, and for how long, ms. */
const RUSH_PER_S = 10_000;
const RUSH_MS = 5_000;
const RUSH_PRESSES = (RUSH_PER_S * RUSH_MS) / 1000;
/** As the page asks, ms. */
const PAGE_MS = 1_000;

/** The same while ballots come in, and what it costs to find one of them in the logs. */
export const inspectorInRush: Chapter<"alone" | "watched" | "why"> = {
  title: `Inspector while ${RUSH_PER_S.toLocaleString("en")} ballots a second come in`,
  start: async () => {
    const members = await Members.plan({ edges: ["fra", "nyc", "syd"], recorder: true, inspect: true });
    await members.start("deno");
    await members.openShow();
    const rush = new Rush(members);
    const subjects = {
      alone: { round: () => rush.round(() => pause(RUSH_MS)) },
      watched: { round: () => rush.round(() => watch(members)) },
      why: { round: () => why(members) },
    };
    const stop = async () => {
      await rush.stop();
      await members.stop();
    };
    return { subjects, stop };
  },
  rows: (of) => {
    const alone = of("alone").of("cpuMs");
    const watched = of("watched").of("cpuMs");
    return [
      { what: `CPU of three edges and a recorder for a second's ballots, nobody watches`, measured: alone, unit: "ms" },
      { what: `the same, "lag" is asked for once a second`, measured: watched, unit: "ms" },
      {
        what: "Acknowledged while watched",
        measured: of("watched").of("acknowledged"),
        unit: "ballots",
        target: { least: RUSH_PRESSES },
        note: `p99 ${of("watched").of("p99").toFixed(0)} ms, alone ${of("alone").of("p99").toFixed(0)} ms`,
      },
      {
        what: `"why" for a receipt: CPU of a member for a million ballots in the logs`,
        measured: of("why").of("cpuMs"),
        unit: "ms",
        note: `${of("why").of("ballots").toFixed(0)} ballots there, answered in ${of("why").of("answerMs").toFixed(0)} ms`,
      },
    ];
  },
};

/** Ballots from an audience an edge, each of a new receiver. */
class Rush {
  readonly #members: Members;
  readonly #audiences: readonly Program[];
  #receivers = 0;

  constructor(members: Members) {
    this.#members = members;
    this.#audiences = members.edges.map(() => new Program(benchProgram("press", {})));
  }

  /** CPU of all members for a second's ballots, ms, until all are folded everywhere; and what became of the ballots. */
  async round(meanwhile: () => Promise<void>) {
    const secret = bytesToHex(this.#members.folder.secret());
    const pace = { kind: "open", withinMs: RUSH_MS, reuse: true } as const;
    const presses = Math.ceil(RUSH_PRESSES / this.#audiences.length);
    const [cpu, began] = [this.#members.cpu(), performance.now()];
    this.#members.edges.forEach(({ host, port }, i) => {
      this.#audiences[i]!.tell({
        host,
        port,
        secret,
        firstReceiver: this.#receivers,
        presses,
        pace,
      } satisfies PressJob);
      this.#receivers += presses;
    });
    const pressed = Promise.all(this.#audiences.map((audience) => audience.next<Pressed>()));
    await meanwhile();
    const answered = await pressed;
    // Until everybody has folded them: the same work is in every round, however long it takes.
    await this.#members.everywhere();
    return {
      cpuMs: (this.#members.cpu() - cpu) / RUSH_MS,
      tookMs: performance.now() - began,
      acknowledged: answered.reduce((sum, { statuses }) => sum + (statuses["202"] ?? 0), 0),
      p99: Math.max(...answered.map(({ p99 }) => p99)),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#audiences.map((audience) => audience.stop()));
  }
}

async function watch(members: Members): Promise<void> {
  for (const until = performance.now() + RUSH_MS; performance.now() < until; await pause(PAGE_MS))
    await members.inspect("lag");
}

/** Tells one ballot's way; CPU of one member for a million ballots in the logs, ms. */
async function why(members: Members) {
  const [ballots] = await members.counted();
  const code = await members.receipt();
  const idle = await cpuWhile(members);
  const [cpu, began] = [members.cpu(), performance.now()];
  await members.inspect(`why?receipt=${code}`);
  const answerMs = performance.now() - began;
  const own = (members.cpu() - cpu) / 1000 - (idle.cpuMs * answerMs) / 1000;
  return { cpuMs: (own / members.size) * (1_000_000 / ballots!), ballots: ballots!, answerMs };
}
