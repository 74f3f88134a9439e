// The inspector's commands as an operator or a script runs them: what they print, and their exit codes.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Report } from "../../crdt/inspect/report.ts";
import { Cluster } from "../support/cluster.ts";
import { Crowd } from "../support/crowd.ts";
import { endAll, redbutton } from "../support/processes.ts";
import { soon } from "../support/soon.ts";

const options = ["yes", "no"].map((id) => ({ id, text: id }));
const SHOW = { id: "final", title: "The final", polls: [{ id: "winner", question: "Who?", options, grace_ms: 200 }] };

let cluster: Cluster;
let code: string;

beforeAll(async () => {
  cluster = await Cluster.start({
    edges: ["fra", "nyc"],
    configure: (_name, config) => ({ ...config, inspect: true }),
  });
  await cluster.open(SHOW);
  const crowd = new Crowd(cluster, SHOW.id, "winner");
  await crowd.vote("anna", "yes", { at: ["fra"] });
  code = crowd.receipts[0]!.code;
});

afterEach(endAll);
afterAll(() => cluster?.end());

async function run(...args: string[]): Promise<{ code: number | string; output: string }> {
  const started = redbutton([...args, "--dir", cluster.folder.path]);
  return { code: await started.exited, output: started.output() };
}

test("every view is printed, and said as JSON with the same envelope", async () => {
  await soon(async () => expect((await run("inspect", "lag")).code).toBe(0));
  for (const view of ["status", "doc", "structs", "growth", "log", "thresholds"]) {
    const printed = await run("inspect", view);
    expect([view, printed.code, printed.output.includes("nyc")]).toEqual([view, 0, true]);
    const said = await run("inspect", view, "--json");
    const report = JSON.parse(said.output) as Report;
    expect(report).toMatchObject({ version: 1, view, by: "fra", messages: [] });
    expect(report.members.map(({ answered }) => answered)).toEqual([true, true, true]);
  }
  expect(await run("inspect", "diff", "--between", "fra,nyc")).toMatchObject({ code: 0 });
});

test("a ballot's way is told by its receipt", async () => {
  await soon(async () => {
    const { code: exit, output } = await run("why", code);
    expect([exit, output]).toEqual([0, expect.stringMatching(/✓ counted/)]);
    for (const step of ["accepted", "durable", "in the ledger", "visible", "recorded"])
      expect(output).toContain(`✓ ${step}`);
  });
});

test("verify is 0 with an envelope of its own where all is equal", async () => {
  const { code: exit, output } = await run("verify", "--json", "--no-books");
  expect(exit).toBe(0);
  expect(JSON.parse(output)).toMatchObject({ version: 1, view: "verify", messages: [], data: { ok: true } });
});

test.for<[string, string[], number]>([
  ["usage", ["inspect", "nonsense"], 1],
  ["usage", ["inspect", "doc", "--rows", "0"], 1],
  ["nobody has it", ["why", "RB-000000"], 3],
  ["nobody has it", ["inspect", "lag", "--show", "other"], 3],
  ["nobody has it", ["inspect", "doc", "--document", "final/other"], 3],
  ["nobody has it", ["verify", "--poll", "other"], 3],
])("%s: %s is %i", async ([, args, wanted]) => {
  expect((await run(...args)).code).toBe(wanted);
});

test("a member that is away makes it 2, and so does a network that is not up", async () => {
  await cluster.member("nyc").kill();
  await soon(async () => expect((await run("inspect", "status")).code).toBe(2));
  await cluster.member("fra").kill();
  for (const args of [["inspect"], ["why", code], ["verify"]]) expect((await run(...args)).code).toBe(2);
});
