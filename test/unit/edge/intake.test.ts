import { expect, test } from "vitest";
import { ReceiverIds } from "../../../crdt/receiver.ts";
import { Gate, STARTING_PATIENCE_MS, type GateView } from "../../../edge/gate.ts";
import { Intake } from "../../../edge/intake.ts";
import { Programme } from "../../../edge/programme.ts";
import { answerOf } from "../../support/answer-of.ts";
import { aPoll } from "../../support/ballots.ts";
import { createShow, pass, replicaOf, request, startLoneEdge } from "../../support/lone-edge.ts";
import { settle } from "../../support/world.ts";

/** An intake of a boot that the recorder does not know yet. */
async function starting() {
  const lone = await startLoneEdge();
  const show = await createShow(lone, [aPoll()]);
  for (const deed of [show.deeds.arm("best", "producer"), show.deeds.open("best", "producer")]) {
    await settle();
    await deed;
  }
  const replica = replicaOf(lone);
  const view: GateView = {
    programme: new Programme(replica.board),
    receivers: new ReceiverIds("00".repeat(32)),
    shards: 1,
    unpruned: 0,
    lost: false,
    awaited: false,
  };
  const gate = new Gate(replica, lone.member, view, () => undefined);
  return { lone, view, gate, intake: new Intake(gate) };
}

test("a ballot at an edge that has just started waits until the recorder knows of it", async () => {
  const { lone, view, gate, intake } = await starting();
  const answer = answerOf(intake, request());
  await pass(lone.world, STARTING_PATIENCE_MS / 2);
  view.awaited = true;
  gate.onview();
  await pass(lone.world, 100);
  expect(await answer).toMatchObject({ press: 1, sequence: 1 });
});

test("and is told to come back where that takes too long", async () => {
  const { lone, intake } = await starting();
  const answer = answerOf(intake, request());
  await pass(lone.world, STARTING_PATIENCE_MS);
  expect(await answer).toMatchObject({ refused: "not_ready", retryAfterS: 1 });
});
