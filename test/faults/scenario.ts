// One show with its thresholds, an audience that crosses them one after another, and a fault that strikes meanwhile.
import { setTimeout as sleep } from "node:timers/promises";
import { EdgeApi } from "../../edge/cli/api.ts";
import { Dice } from "../../edge/cli/audience/dice.ts";
import type { Threshold } from "../../edge/cli/threshold.ts";
import { cueId } from "../../monitor/threshold/crossing.ts";
import { insist } from "../support/insist.ts";
import type { Fault } from "./fault.ts";
import type { Ground } from "./ground.ts";

export const THRESHOLDS = 20;
const RECEIVERS = 100;
/** Pause between two receivers, ms: so the crossings fall into every moment of a fault. */
const PACE_MS = 40;
/** How long a network may take to come to rest once the faults are over, ms. */
const REST_MS = 90_000;

export interface Outcome {
  readonly once: number;
  readonly twice: number;
  readonly never: number;
  /** Faults that struck. */
  readonly strikes: number;
  /** What is wrong beside these numbers. */
  readonly problems: readonly string[];
}

/** Plays one scenario; the ground is whole before and after it. */
export async function play(ground: Ground, show: string, fault: Fault, seed: number): Promise<Outcome> {
  const ids = Array.from({ length: THRESHOLDS }, (_, i) => `t${i + 1}`);
  await open(ground, show, ids);
  const striking = fault.begin(ground, new Dice(seed));
  await vote(ground, show, seed);
  const strikes = await striking.end();
  const atRest = await rest(ground, show);
  return { ...count(ground, show, ids), strikes, problems: atRest };
}

async function open(ground: Ground, show: string, ids: readonly string[]): Promise<void> {
  const step = RECEIVERS / THRESHOLDS;
  const api = ground.api(0);
  const message = { kind: "text", text: "{count}" };
  const thresholds = ids.map((id, i) => ({
    id,
    message,
    rule: i % 2 === 0 ? votes((i + 1) * step) : { kind: "voted", at_least: (i + 1) * step },
  }));
  const options = ["a", "b"].map((id) => ({ id, text: id }));
  await api.createShow({ id: show, title: show, polls: [{ id: "p", question: "?", options }], thresholds });
  await api.command(show, "p", "arm");
  await api.command(show, "p", "open");
  for (const id of ids) await api.commandThreshold(show, id, "arm");
  await insist("every threshold is armed", async () =>
    (await api.thresholds(show)).thresholds.every(({ state }) => state === "armed"),
  );
  for (const { address } of ground.folder.edges)
    await insist("every edge has the poll open", async () => {
      const { polls } = await new EdgeApi(address, ground.folder.operatorToken("reader")).show(show);
      return polls[0]?.state === "open";
    });
}

function votes(atLeast: number) {
  return { kind: "votes", poll: "p", option: "a", at_least: atLeast };
}

/** Each receiver presses once, and again with the same press at another edge, until it has its receipt. */
async function vote(ground: Ground, show: string, seed: number): Promise<void> {
  const dice = new Dice(seed);
  const pressing: Promise<void>[] = [];
  for (let i = 0; i < RECEIVERS; i++) {
    pressing.push(press(ground, show, `${show}-${i}`, dice.below(ground.folder.edges.length)));
    await sleep(PACE_MS * (0.5 + dice.next()));
  }
  await Promise.all(pressing);
}

async function press(ground: Ground, show: string, receiver: string, first: number): Promise<void> {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const token = ground.folder.tokenKeys().receivers.sign({ sub: receiver, exp, role: "receiver", anon: true });
  const { edges } = ground.folder;
  await insist(`receiver ${receiver} has a receipt`, async (attempt) => {
    const { address } = edges[(first + attempt) % edges.length]!;
    const response = await fetch(`${address}/v1/shows/${show}/polls/p/ballots`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ option: "a", press: 1 }),
      signal: AbortSignal.timeout(2000),
    });
    await response.body?.cancel();
    return response.ok;
  });
}

/** Waits until every cue is confirmed; says what is not. */
async function rest(ground: Ground, show: string): Promise<string[]> {
  let last: readonly Threshold[] = [];
  try {
    await insist("every cue is confirmed", async () => {
      last = (await ground.api(1).thresholds(show)).thresholds;
      return last.every(({ fired: [cue] }) => cue?.confirmed_at !== undefined);
    });
    return (await ground.network.whenWhole(REST_MS)) ? [] : ["the network did not become whole again"];
  } catch (error) {
    const states = last.filter(({ fired: [cue] }) => cue?.confirmed_at === undefined);
    return [`${String(error)}: ${states.map(({ id, state }) => `${id} is ${state}`).join(", ")}`];
  }
}

/** Counts in the encoder's journal: that is what went into the picture. */
function count(ground: Ground, show: string, ids: readonly string[]): Pick<Outcome, "once" | "twice" | "never"> {
  const cues = ground.journalled().filter(({ cue }) => cue.show === show);
  const times = ids.map((id) => cues.filter(({ cue }) => cue.threshold === id).length);
  const strangers = cues.filter(({ cue }) => cue.id !== cueId(show, cue.threshold, 1)).length;
  return {
    once: times.filter((each) => each === 1).length,
    twice: times.filter((each) => each > 1).length + strangers,
    never: times.filter((each) => each === 0).length,
  };
}
