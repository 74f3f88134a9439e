import { bytesToHex } from "@noble/hashes/utils.js";
import type { PressJob } from "../programs/press.ts";
import type { Pressed } from "../support/books.ts";
import type { Chapter } from "../support/chapter.ts";
import { Members } from "../support/members.ts";
import { benchProgram, Program } from "../support/program.ts";
import type { Sample } from "../support/sample.ts";

/** The issue's: an audience that presses when the presenter says so. */
const PRESSES = 37_000;
const WITHIN_MS = 3000;
const EDGES = ["fra", "nyc", "syd"];
/** How long edges may take to hear of each other's ballots, once all are acknowledged. */
const AGREE_WITHIN_MS = 15_000;

/**
 * Everybody presses in the same three seconds, each on a connection of its own, at edges whose code has run for a
 * second. What is refused is not tried again.
 */
export const rush: Chapter<"rush"> = {
  title: `${PRESSES.toLocaleString("en")} presses in ${WITHIN_MS / 1000} s into three edges that have just started`,
  rounds: 1,
  start: () => Promise.resolve({ subjects: { rush: { round: once } }, stop: () => Promise.resolve() }),
  rows: (of) => {
    const figure = (name: string) => of("rush").of(name);
    return [
      {
        what: "Acknowledged (202)",
        measured: figure("acknowledged"),
        unit: "presses",
        target: { least: PRESSES },
        note: `sent within ${(figure("lastSentMs") / 1000).toFixed(2)} s on a connection each; answered in ${figure("p50").toFixed(0)} ms, p99 ${figure("p99").toFixed(0)}, all after ${figure("seconds").toFixed(1)} s; ${figure("cpu").toFixed(0)} µs CPU a press over all members`,
      },
      { what: "Refused", measured: figure("refused"), unit: "presses", target: { most: 0 } },
      { what: "Without an answer", measured: figure("lost"), unit: "presses", target: { most: 0 } },
      {
        what: "Counted at the edge that counts fewest, after all edges agree or 15 s",
        measured: figure("counted"),
        unit: "presses",
        target: { least: PRESSES },
        note: `equal at every edge ${figure("agreedMs").toFixed(0)} ms after the last answer`,
      },
    ];
  },
};

async function once(): Promise<Sample> {
  const members = await Members.plan({ edges: EDGES, recorder: true });
  // A process may hold 20,000 files, so each edge's audience has one of its own.
  const audiences = EDGES.map(() => new Program(benchProgram("press", {})));
  try {
    await members.start("deno");
    await members.openShow();
    const secret = bytesToHex(members.folder.secret());
    const [cpu, pace] = [members.cpu(), { kind: "open", withinMs: WITHIN_MS, reuse: false } as const];
    members.edges.forEach(({ host, port }, i) => {
      const [from, to] = [i, i + 1].map((part) => Math.round((PRESSES * part) / EDGES.length)) as [number, number];
      audiences[i]!.tell({ host, port, secret, firstReceiver: from, presses: to - from, pace } satisfies PressJob);
    });
    const pressed = await Promise.all(audiences.map((audience) => audience.next<Pressed>()));
    for (const { errors, statuses } of pressed)
      if (errors.length > 0 || Object.keys(statuses).length > 1)
        console.log("  an audience of the rush:", statuses, errors);
    const answered = performance.now();
    const counted = await members.countedIn(PRESSES, AGREE_WITHIN_MS);
    return {
      ...sumOf(pressed),
      counted: Math.min(...counted),
      agreedMs: performance.now() - answered,
      cpu: (members.cpu() - cpu) / PRESSES,
    };
  } finally {
    await Promise.all([members.stop(), ...audiences.map((audience) => audience.stop())]);
  }
}

function sumOf(pressed: readonly Pressed[]): Sample {
  const sum = (of: (each: Pressed) => number) => pressed.reduce((total, each) => total + of(each), 0);
  const most = (of: (each: Pressed) => number) => Math.max(...pressed.map(of));
  const acknowledged = sum(({ statuses }) => statuses["202"] ?? 0);
  const answered = sum(({ statuses }) => Object.values(statuses).reduce((total, count) => total + count, 0));
  return {
    acknowledged,
    refused: answered - acknowledged,
    lost: sum(({ lost }) => lost),
    p50: most(({ p50 }) => p50),
    p99: most(({ p99 }) => p99),
    seconds: most(({ seconds }) => seconds),
    lastSentMs: most(({ lastSentMs }) => lastSentMs),
  };
}
