import type { TakeoverArgs, TakeoverMeasured } from "../programs/takeover.ts";
import type { Chapter } from "../support/chapter.ts";
import { runProgram } from "../support/program.ts";

/** The issue's, ms. */
const TARGET = { most: 1000 };

/** An encoder that sends is killed, and its partner goes on. */
export const takeover: Chapter<"takeover"> = {
  title: "Takeover by an encoder's partner",
  rounds: 1,
  start: ({ quick }) => {
    const args: TakeoverArgs = { kills: quick ? 5 : 20 };
    const round = async () => ({ ...(await runProgram<TakeoverMeasured>("takeover", args)) });
    return Promise.resolve({ subjects: { takeover: { round } }, stop: () => Promise.resolve() });
  },
  rows: (of) => {
    const [p50, max, gapP50, gapMax] = (["p50", "max", "gapP50", "gapMax"] as const).map((figure) =>
      of("takeover").of(figure),
    ) as [number, number, number, number];
    const note = (gap: number) => `the stream was silent for ${gap.toFixed(0)} ms`;
    const what = "Kill -9 of the encoder that sends to its partner's first packet at a receiver";
    return [
      { what: `${what}, p50`, measured: p50, unit: "ms", note: note(gapP50) },
      { what: `${what}, worst`, measured: max, unit: "ms", target: TARGET, note: note(gapMax) },
    ];
  },
};
