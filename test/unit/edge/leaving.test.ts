// An edge that is stopped and never comes back: what it wrote counts, and nobody waits for it.
import { beforeEach, describe, expect, test } from "vitest";
import { EVERY_POLL } from "../../../crdt/ballot.ts";
import { pruningHeldUpBy } from "../../../crdt/pruning.ts";
import { LEAVE_PATIENCE_MS } from "../../../edge/edge.ts";
import { isRefusal } from "../../../edge/refusal.ts";
import { answerOf } from "../../support/answer-of.ts";
import { aPoll } from "../../support/ballots.ts";
import { InspectedNetwork, SHOW } from "../../support/inspected-network.ts";
import { request, wanted } from "../../support/lone-edge.ts";

let network: InspectedNetwork;
/** Of "fra", before anything happens to it. */
let boot: string;

beforeEach(async () => {
  network = await InspectedNetwork.start(["fra", "nyc"], [aPoll(), aPoll({ id: "next", index: 1 })]);
  boot = network.at("fra").member.boot;
});

const show = (at = "nyc") => wanted(network.at(at).edge!.show(SHOW));

async function leave(name: string): Promise<boolean> {
  const { edge } = network.at(name);
  await network.until(edge!.drain());
  return network.until(edge!.leave());
}

async function openAndClose(poll: string): Promise<void> {
  const { deeds } = show();
  for (const deed of ["arm", "open", "close"] as const)
    await network.until(deeds[deed](poll, "producer").then((view) => wanted(view)));
  await network.pass(3000);
}

const ends = () =>
  network
    .replica("recorder")
    .seals()
    .filter(({ poll }) => poll === EVERY_POLL);

describe("an edge that was drained", () => {
  test("has counted, is waited for by no result, and is shown as drained", async () => {
    await network.openPolls();
    await network.vote("fra", { subject: "ann" });
    await network.vote("nyc", { subject: "ben", option: "blue" });
    expect(await leave("fra")).toBe(true);
    await network.end("fra");
    await network.until(
      show()
        .deeds.close("best", "producer")
        .then((view) => wanted(view)),
    );
    await network.pass(3000);
    const { final } = wanted(show().poll("best"));
    expect(final).toMatchObject({ counts: { anonymous: [1, 0, 1] }, lost: [] });
    expect(final!.cut[`0/fra/${boot}`]).toBe(1);
    const drained = show()
      .roster()
      .find(({ edge }) => edge === "fra");
    expect(drained).toMatchObject({ boot, state: "drained", lost: false });
    expect(network.at("nyc").edge!.edges()).toMatchObject([{ edge: "nyc" }]);
  });

  test("is not waited for by polls that open after it has gone, though it never wrote", async () => {
    expect(await leave("fra")).toBe(true);
    await network.end("fra");
    await openAndClose("next");
    expect(wanted(show().poll("next")).final).toMatchObject({ lost: [] });
  });

  test("takes nothing more, whoever still holds its writer", async () => {
    await network.openPolls();
    const held = show("fra");
    expect(await leave("fra")).toBe(true);
    expect(await network.until(answerOf(held, request()))).toMatchObject({ refused: "draining" });
    const { writer } = network.replica("fra").shard(0);
    await expect(
      writer.write("ballots", { hi: 1, lo: 1, poll: 0, press: 1, option: 0, k: 1, signed: false, time: 1 }),
    ).rejects.toThrow("the chain has ended");
  });

  test("holds up no pruning, and is not named for it", async () => {
    await network.openPolls();
    await leave("fra");
    await network.end("fra");
    await network.vote("nyc");
    await network.pass(3000);
    expect(network.replica("nyc").unpruned).toBe(0);
    expect(pruningHeldUpBy(network.replica("nyc"))).toBe("the recorder");
  });
});

describe("an edge whose recorder is away", () => {
  test("ends its chain not, is waited for, and a later boot on its disk admits in its place", async () => {
    await network.openPolls();
    await network.vote("fra");
    await network.cut("fra", "recorder");
    const before = network.time.now;
    expect(await leave("fra")).toBe(false);
    expect(network.time.now - before).toBeGreaterThanOrEqual(LEAVE_PATIENCE_MS);
    await network.end("fra");
    expect(ends()).toEqual([]);
    await network.until(
      show()
        .deeds.close("best", "producer")
        .then((view) => wanted(view)),
    );
    await network.pass(3000);
    expect(wanted(show().poll("best")).waitingFor).toEqual([`seal of fra/${boot}`]);
    await network.restart("fra");
    await network.pass(3000);
    expect(network.at("fra").edge!.readiness()).toEqual({ ready: true, reasons: [] });
    await network.heal();
    expect(wanted(show().poll("best")).final).toMatchObject({ counts: { anonymous: [1, 0, 0] }, lost: [] });
  });
});

test("a later boot on the disk of a drained one admits nothing before the recorder knows it: no result waits for it", async () => {
  await network.openPolls();
  expect(await leave("fra")).toBe(true);
  await network.isolate("recorder");
  await network.end("fra");
  await network.restart("fra");
  await network.pass(3000);
  expect(isRefusal(network.at("fra").edge!.show(SHOW))).toBe(false);
  expect(network.at("fra").edge!.readiness()).toEqual({
    ready: false,
    reasons: [`show "${SHOW}" waits for the recorder`],
  });
  await network.heal();
  await network.vote("fra");
  expect(
    show()
      .roster()
      .map((entry) => entry.boot),
  ).not.toContain(boot);
});
