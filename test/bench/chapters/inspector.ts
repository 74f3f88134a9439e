import type { Chapter } from "../support/chapter.ts";
import { Members, pause } from "../support/members.ts";

/** How long the members' CPU is looked at, ms, and how often the page asks while somebody has it open. */
const [LOOK_MS, ASK_MS] = [5_000, 1_000];

/** What looking on costs: CPU of all members of an idle network, while nobody watches and while a page shows a view. */
export const inspector: Chapter<"nobody" | "lag" | "status" | "log"> = {
  title: "Inspector",
  start: async () => {
    const members = await Members.plan({ edges: ["fra", "nyc", "syd"], recorder: true, inspect: true });
    await members.start("deno");
    await members.openShow();
    const watch = (view: string | undefined) => ({ round: () => cpuWhile(members, view) });
    return {
      subjects: { nobody: watch(undefined), lag: watch("lag"), status: watch("status"), log: watch("log") },
      stop: () => members.stop(),
    };
  },
  rows: (of) => {
    const idle = of("nobody").of("cpuMs");
    const views = ["lag", "status", "log"] as const;
    return [
      { what: "CPU a second of three edges and a recorder, nobody watches", measured: idle, unit: "ms" },
      ...views.map((view) => ({
        what: `more while one page shows "${view}", asked every second`,
        measured: of(view).of("cpuMs") - idle,
        unit: "ms",
        note: `an answer in ${of(view).of("answerMs").toFixed(0)} ms`,
      })),
    ];
  },
};

/** CPU of all members a second, ms; and how long an answer took, ms. */
async function cpuWhile(members: Members, view: string | undefined) {
  const began = performance.now();
  const before = members.cpu();
  let [answers, waited] = [0, 0];
  while (performance.now() - began < LOOK_MS) {
    const asked = performance.now();
    if (view !== undefined) {
      await members.inspect(view);
      answers += 1;
      waited += performance.now() - asked;
    }
    await pause(ASK_MS - (performance.now() - asked));
  }
  const seconds = (performance.now() - began) / 1000;
  return { cpuMs: (members.cpu() - before) / 1000 / seconds, answerMs: answers === 0 ? 0 : waited / answers };
}
