import { beforeEach, describe, expect, test } from "vitest";
import type { Report } from "../../../crdt/inspect/report.ts";
import type { BallotStory, WhyData } from "../../../crdt/inspect/view/why.ts";
import type { StageName } from "../../../crdt/inspect/view/why-stages.ts";
import { HERE } from "../../../crdt/origin.ts";
import { wanted } from "../../support/lone-edge.ts";
import { InspectedNetwork, SHOW } from "../../support/inspected-network.ts";

let network: InspectedNetwork;

beforeEach(async () => {
  network = await InspectedNetwork.start();
  await network.openPolls();
});

async function why(receipt: string, at = "syd", token?: string): Promise<Report<WhyData>> {
  const response = await network.get(at, `/_inspect/v1/why?receipt=${receipt}`, token);
  expect(response.status).toBe(200);
  return (await response.json()) as Report<WhyData>;
}

function stages({ data }: Report<WhyData>, name: StageName) {
  return data.ballots[0]!.stages.filter((stage) => stage.name === name);
}

test("a receipt is enough for the whole way, whoever is asked", async () => {
  const receipt = await network.vote("fra");
  await network.pass(3000);
  const report = await why(receipt.code);
  expect(report.messages).toEqual([]);
  expect(report.data.ballots).toHaveLength(1);
  const story: BallotStory = report.data.ballots[0]!;
  expect(story).toMatchObject({ show: SHOW, poll: "best", option: "red", press: 1, k: 1 });
  expect(stages(report, "accepted")[0]).toMatchObject({ state: "done", afterMs: 0 });
  expect(stages(report, "in the ledger")[0]!.text).toContain(`(fra, ${receipt.boot}, ${receipt.sequence})`);
  expect(stages(report, "visible").map(({ state, text }) => [state, text])).toEqual([
    ["done", `at "syd"`],
    ["done", `at "nyc"`],
  ]);
  expect(stages(report, "recorded")[0]!.state).toBe("done");
  expect(stages(report, "counted")[0]).toMatchObject({ state: "done", text: "it is what this receiver chose" });
  const times = ["durable", "visible", "recorded"] as const;
  for (const name of times)
    for (const { afterMs } of stages(report, name)) {
      expect(afterMs, name).toBeGreaterThanOrEqual(0);
      expect(afterMs, name).toBeLessThan(200);
    }
});

test("a receipt is found as people type it, and one that is none is not", async () => {
  const { code } = await network.vote("fra");
  await network.pass(500);
  const typed = code.slice(3).toLowerCase().replaceAll("0", "o").replaceAll("1", "l");
  expect((await why(typed)).data.ballots).toHaveLength(1);
  for (const none of ["RB-000000", "RB-UUUUUU", "nonsense"])
    expect((await why(none)).messages[0]).toMatchObject({ code: "not_found" });
});

test("a press that was beaten names the later one and its edge", async () => {
  const first = await network.vote("fra");
  const second = await network.vote("nyc", { option: "blue", press: 2 });
  await network.pass(2000);
  const report = await why(first.code);
  expect(stages(report, "counted")[0]).toMatchObject({ state: "stopped" });
  expect(stages(report, "counted")[0]!.text).toContain(`beaten by a later one: press 2 for "blue" at "nyc"`);
  expect(report.messages).toMatchObject([{ code: "ballot_stuck", severity: "note" }]);
  expect(report.data.ballots[0]!.presses.map(({ press }) => press)).toEqual([1, 2]);
  expect(stages(await why(second.code), "counted")[0]!.state).toBe("done");
});

test("a retry that came twice is one ballot", async () => {
  const first = await network.vote("fra");
  await network.cut("fra", "nyc");
  const again = await network.vote("nyc");
  expect(again.code).toBe(first.code);
  await network.heal();
  const report = await why(first.code);
  expect(report.data.ballots).toHaveLength(1);
  expect(stages(report, "accepted")[0]!.text).toContain(`edge "fra"`);
});

describe("where it stopped is told with the reason", () => {
  test("an edge is cut off, and does not answer", async () => {
    await network.isolate("syd");
    const receipt = await network.vote("fra");
    await network.pass(1000);
    const report = await why(receipt.code, "fra");
    const syd = stages(report, "visible").find(({ text }) => text.includes("syd"));
    expect(syd).toMatchObject({ state: "unknown" });
    expect(syd!.text).toMatch(/"syd" does not answer; last heard \d\d:/);
  });

  test("the recorder is away", async () => {
    await network.isolate("recorder");
    const receipt = await network.vote("fra");
    await network.pass(1000);
    const report = await why(receipt.code, "nyc");
    expect(stages(report, "recorded")[0]).toMatchObject({
      state: "stopped",
      text: `not recorded: "recorder" did not answer`,
    });
    expect(report.messages.some(({ code, severity }) => code === "ballot_stuck" && severity === "warning")).toBe(true);
  });

  test("the poll is void", async () => {
    const receipt = await network.vote("fra");
    await network.until(wanted(network.at("fra").edge!.show(SHOW)).deeds.void("best", "producer"));
    await network.pass(1000);
    expect(stages(await why(receipt.code), "counted")[0]).toMatchObject({
      state: "stopped",
      text: expect.stringContaining("void"),
    });
  });
});

test("a final result says what it stands for", async () => {
  const receipt = await network.vote("fra");
  await network.until(wanted(network.at("fra").edge!.show(SHOW)).deeds.close("best", "producer"));
  await network.pass(6000);
  const report = await why(receipt.code);
  expect(stages(report, "counted")[0]!.text).toBe("it is what this receiver chose, in the final result");
});

test("the cue that the ballot's crossing fired is told up to the encoder", async () => {
  const receipt = await network.vote("fra");
  await network.pass(2000);
  const { board } = network.replica("fra");
  const firedAt = receipt.time + 40;
  const message = { kind: "text", text: "One!" } as const;
  const cue = {
    id: "ab".repeat(16),
    eventId: 77,
    show: SHOW,
    threshold: "first",
    epoch: 1,
    message,
    durationMs: 5000,
    firedAt,
  };
  const rule = { kind: "votes", poll: "best", option: "red", atLeast: 1 } as const;
  board.doc.transact(() => {
    board.setThreshold({ id: "first", rule, message, durationMs: 5000, urgent: false });
    board.arm("first", 1, { at: firedAt - 1000, by: "producer" });
    board.addCue({ cue, value: 1, coverage: network.replica("fra").coverage().toJSON(), by: "watcher" });
    board.confirmCue("first", 1, { at: firedAt + 12, by: "watcher" });
  }, HERE);
  await network.pass(2000);
  const report = await why(receipt.code);
  expect(stages(report, "threshold")[0]).toMatchObject({ state: "done", afterMs: 40 });
  expect(
    stages(report, "cue")
      .map(({ text }) => text)
      .sort(),
  ).toEqual(["fra", "nyc", "recorder", "syd"].map((name) => `event 77 on the board of "${name}"`));
  expect(stages(report, "encoder")[0]).toMatchObject({ state: "done", afterMs: 52 });
  const other = await network.vote("nyc", { subject: "ben", option: "blue" });
  await network.pass(1000);
  expect(stages(await why(other.code), "threshold")).toEqual([]);
});

test("receivers are named by a pseudonym, unless the token lets them have more", async () => {
  const { code } = await network.vote("fra");
  await network.pass(1000);
  const { receiver } = (await why(code)).data.ballots[0]!;
  const hash = (await why(code, "syd", network.token({ receivers: "hashes" }))).data.ballots[0]!.receiver;
  expect(receiver).toMatch(/^[0-9a-f]{8}$/);
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  expect(hash).not.toContain(receiver);
  expect(JSON.stringify(await why(code))).not.toContain(hash);
});
