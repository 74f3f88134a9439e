import type { Chapter } from "../support/chapter.ts";
import { Members, pause } from "../support/members.ts";

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
