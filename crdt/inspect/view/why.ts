import * as v from "valibot";
import { receiverHex } from "../../receiver.ts";
import type { Inspector } from "../inspector.ts";
import type { FoundBallot } from "../read/ballots.ts";
import type { Message, Shown } from "../report.ts";
import { showParam, textParam } from "./params.ts";
import { view, type Asked } from "./view.ts";
import { firedBy } from "./why-cue.ts";
import { pressesOf, readPoll, type PressOfBallot, type WhyInput } from "./why-input.ts";
import { STAGES, type Stage } from "./why-stages.ts";

/** One ballot through all stages. */
export interface WhyData {
  readonly ballots: readonly BallotStory[];
}

export interface BallotStory {
  readonly show: string;
  readonly poll: string;
  /** A pseudonym, or the keyed hash, as the token has it. */
  readonly receiver: string;
  readonly press: number;
  readonly k: number;
  readonly option: string;
  /** Id of the cue that the ballot's crossing fired. */
  readonly cue?: string;
  readonly stages: readonly Stage[];
  /** All that this receiver pressed in the poll, the oldest first. */
  readonly presses: readonly PressOfBallot[];
}

/** Makes the story of one ballot of all that was gathered. */
export function tellStory(input: WhyInput, receiver: string): BallotStory {
  const { ballot, poll, batch, presses } = input;
  const fired = firedBy(input)?.fired;
  return {
    show: ballot.show,
    poll: poll.definition.id,
    receiver,
    press: ballot.press,
    k: ballot.k,
    option: poll.definition.options[batch.option]?.id ?? `option ${batch.option}`,
    ...(fired && { cue: fired.cue.id }),
    stages: STAGES.flatMap((stage) => stage(input) ?? []),
    presses,
  };
}

function showWhy(code: string, ballots: readonly BallotStory[]): Shown<WhyData> {
  if (ballots.length === 0) return { data: { ballots }, messages: [noBallot(code)] };
  const messages = ballots.flatMap(({ stages }) => stages.filter(({ state }) => state === "stopped").map(stopMessage));
  return { data: { ballots }, messages };
}

/** Another press in its place is the viewer's own doing; anything else somebody has to look into. */
function stopMessage({ name, text }: Stage): Message {
  const isOwnDoing = name === "counted";
  return {
    code: "ballot_stuck",
    severity: isOwnDoing ? "note" : "warning",
    text: `it stopped at "${name}": ${text}`,
    fix: isOwnDoing ? "It is as the poll's rules have it." : "See `redbutton inspect lag` for who is behind.",
  };
}

function noBallot(code: string): Message {
  return {
    code: "not_found",
    severity: "warning",
    text: `no log of anyone who answers has a ballot with the receipt ${code}`,
    fix: "Check the code. An old ballot may be in the recorder's database alone: the recorder has to answer.",
  };
}

/** In our own log, where almost every ballot is; else in the others', whose silence then matters. */
async function find(
  inspector: Inspector,
  code: string,
  show: string | undefined,
): Promise<{ readonly ballots: readonly FoundBallot[]; readonly asked: Asked }> {
  const question = { ask: "find", code, ...(show === undefined ? {} : { show }) } as const;
  const own = (await inspector.read(question))?.ballots ?? [];
  if (own.length > 0) return { ballots: own, asked: [] };
  const asked = await inspector.gather(question);
  const ballots = asked.map(({ reading }) => reading?.ballots ?? []).find((found) => found.length > 0);
  return { ballots: ballots ?? [], asked };
}

async function gatherInput(inspector: Inspector, ballot: FoundBallot): Promise<WhyInput | undefined> {
  const { show, poll: index, receiver } = ballot;
  const replica = inspector.member.replica(show);
  const poll = replica && readPoll(replica, index, inspector.member.world.clock.now());
  if (!poll) return undefined;
  const presses = pressesOf(await inspector.gather({ ask: "presses", show, poll: index, receiver }));
  const batch = presses.find(({ press, k }) => press === ballot.press && k === ballot.k);
  if (!batch) return undefined;
  const { chain, sequence } = batch;
  const [seen, thresholds] = await Promise.all([
    inspector.gather({ ask: "seen", show, chain, sequence }),
    inspector.gather({ ask: "thresholds", show }),
  ]);
  return { ballot, poll, presses, batch, seen, thresholds, edgeOffsetMs: offsetOf(seen, chain) };
}

/** The clock of the edge that admitted the ballot, minus the asked member's, ms. */
function offsetOf(seen: WhyInput["seen"], chain: string): number {
  const edge = chain.split("/")[1];
  return seen.find(({ member }) => member === edge)?.offsetMs ?? 0;
}

export const why = view({
  summary: "one ballot, by its receipt, from the press to the frame",
  params: v.strictObject({ receipt: textParam, show: v.exactOptional(showParam) }),
  run: async ({ inspector, nameReceiver }, { receipt, show }) => {
    const { ballots, asked } = await find(inspector, receipt, show);
    const inputs = await Promise.all(ballots.map((ballot) => gatherInput(inspector, ballot)));
    const stories = inputs.flatMap((input) =>
      input ? [tellStory(input, nameReceiver(receiverHex(input.ballot.receiver)))] : [],
    );
    return { shown: showWhy(receipt, stories), asked: inputs[0]?.seen ?? asked };
  },
});
