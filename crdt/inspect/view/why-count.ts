import { EPOCH_SLACK_MS } from "../../shard.ts";
import { EdgeList, Tally, tallyRulesOf } from "../../tally.ts";
import type { PressOfBallot, WhyInput } from "./why-input.ts";
import type { Stage } from "./why-stages.ts";
import { time } from "./words.ts";

/** Whether the ballot is the one that counts, and which other does: by the fold itself, over the receiver's presses. */
export function standingOf({ ballot, poll, presses, batch }: WhyInput): Omit<Stage, "name"> {
  const { definition, state, final } = poll;
  if (state === "void") return { state: "stopped", text: `poll "${definition.id}" is void: nothing in it counts` };
  if (final && batch.sequence > (final.cut[batch.chain] ?? 0))
    return { state: "stopped", text: `late: the result of "${definition.id}" stands for batches before this one` };
  const counting = final ? presses.filter(({ chain, sequence }) => sequence <= (final.cut[chain] ?? 0)) : presses;
  const winner = winnerOf(counting, ballot.k, poll, ballot.receiver);
  if (!winner) return { state: "stopped", text: `the definition of "${definition.id}" does not allow it` };
  if (winner.press === ballot.press && winner.option === batch.option)
    return { state: "done", text: `it is what this receiver chose${final ? ", in the final result" : ""}` };
  const option = definition.options[winner.option]?.id ?? `option ${winner.option}`;
  const how = definition.mode === "first" ? "an earlier one counts" : "beaten by a later one";
  const text = `${how}: press ${winner.press} for "${option}" at "${winner.edge}", ${time(winner.time)}`;
  return { state: "stopped", text };
}

function winnerOf(
  presses: readonly PressOfBallot[],
  k: number,
  { definition, created }: WhyInput["poll"],
  receiver: WhyInput["ballot"]["receiver"],
): PressOfBallot | undefined {
  const edges = new EdgeList();
  const tally = new Tally(tallyRulesOf(definition), created - EPOCH_SLACK_MS, edges);
  for (const press of presses) tally.take({ ...receiver, ...press, poll: definition.index }, edges.number(press.edge));
  const known = tally.known(receiver).find((ballot) => ballot.k === k);
  return known && presses.find((each) => each.k === k && each.press === known.press && each.option === known.option);
}
