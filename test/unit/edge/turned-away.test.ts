// An edge whose boot is one more than the network's documents can have.
import { expect, test } from "vitest";
import * as Y from "yjs";
import { MAX_BOOTS } from "../../../crdt/replicate/introduction.ts";
import { MemoryDisk } from "../../../crdt/store/memory.ts";
import { aPoll } from "../../support/ballots.ts";
import { createShow, pass, SHOW, startLoneEdge, vote, wanted, type LoneEdge } from "../../support/lone-edge.ts";
import { ManualWorld } from "../../support/world.ts";

/** So many boots of another edge, each of which has left something on the board. */
function crowd({ member }: LoneEdge, boots: number): void {
  const { doc } = member.adopt(SHOW)!.board;
  const updates: Uint8Array[] = [];
  for (let client = 1; client <= boots; client++) {
    const boot = client.toString(16).padStart(16, "0");
    const other = new Y.Doc();
    other.clientID = client;
    other.getMap("board").set(`lost/nyc/${boot}`, { at: 1, by: "ann" });
    updates.push(Y.encodeStateAsUpdate(other));
    const introduction = { member: "nyc", role: "edge", boot, clients: [client] } as const;
    member.backbone.introductions.add(introduction, new Uint8Array(1));
  }
  Y.applyUpdate(doc, Y.mergeUpdates(updates), { from: "log" });
}

async function amongOthers(boots: number) {
  const lone = await startLoneEdge(new ManualWorld(), new MemoryDisk());
  crowd(lone, boots);
  return { lone, show: await createShow(lone, [aPoll()]) };
}

test("the last boot that there is room for admits, and raises no alarm", async () => {
  const { lone, show } = await amongOthers(MAX_BOOTS - 1);
  wanted(await show.deeds.arm("best", "producer"));
  wanted(await show.deeds.open("best", "producer"));
  await pass(lone.world, 100);
  expect(await vote(lone)).toMatchObject({ sequence: 1 });
  expect([lone.edge.readiness().ready, lone.edge.health().alarms]).toEqual([true, []]);
});

test("one past it admits nothing, and says why", async () => {
  const { lone, show } = await amongOthers(MAX_BOOTS);
  const why = `the documents here hold something of ${MAX_BOOTS} boots`;
  const refused = { refused: "not_ready", detail: expect.stringContaining(why) };
  expect(await show.deeds.arm("best", "producer")).toMatchObject(refused);
  expect(lone.edge.readiness()).toEqual({ ready: false, reasons: [expect.stringContaining(why)] });
  const alarm = `boot "fra/${lone.edge.boot}" is turned away: ${why}`;
  expect(lone.edge.health().alarms).toEqual([expect.stringContaining(alarm)]);
});
