// `redbutton up` as a program: everyone comes up, and nobody stays behind, however it ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { EdgeApi } from "../../edge/cli/api.ts";
import { openFolder } from "../../edge/cli/network/folder.ts";
import { writeNetwork } from "../support/network.ts";
import { missingPrograms, runProgram } from "../support/programs.ts";
import { endAll, freeBase, isAlive, processesNaming, redbutton, until, type Started } from "../support/processes.ts";

const folders: string[] = [];

afterEach(async () => {
  await endAll();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function startUp(): Promise<{ up: Started; dir: string }> {
  const { path: dir } = await writeNetwork(["fra", "nyc", "syd"], { inspect: true });
  folders.push(dir);
  const up = redbutton(["up", "--dir", dir]);
  await until("three live edges", () => up.output().includes("3 of 3 live"), 60_000).catch((error: Error) => {
    throw new Error(`${error.message}:\n${up.output()}`);
  });
  return { up, dir };
}

test("starts three edges and the recorder with a sample show, and SIGTERM stops them all", async () => {
  const { up, dir } = await startUp();
  expect(up.output()).toMatch(/fra, nyc, syd: 3 of 3 live, lag \d+ ms · recorder ok/);
  expect(processesNaming(`${dir}/`)).toHaveLength(4);
  for (const page of ["television", "console", "graphics"]) {
    const [, address = ""] = new RegExp(`${page} +(http\\S+)`).exec(up.output()) ?? [];
    expect([page, (await fetch(address)).status]).toEqual([page, 200]);
  }
  const list = redbutton(["show", "list", "--dir", dir]);
  expect(await list.exited).toBe(0);
  expect(list.output()).toContain("talent-final");
  const second = redbutton(["up", "--dir", dir]);
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain("is up already");
  up.signal("SIGTERM");
  expect(await up.exited).toBe(0);
  expect(processesNaming(`${dir}/`)).toEqual([]);
  expect(up.output()).not.toMatch(/starts again|error/);
});

const noDig = missingPrograms("dig");
test.skipIf(noDig)(`a new network has a name server and a front: three regions, three edges${noDig}`, async () => {
  const dir = join(mkdtempSync(join(tmpdir(), "redbutton-up-")), "new");
  folders.push(dirname(dir));
  const port = await freeBase();
  const up = redbutton(["up", "--dir", dir, "--port", String(port)]);
  await until("everyone", () => /3 of 3 live.*dns ok · lb ok/.test(up.output()), 60_000).catch((error: Error) => {
    throw new Error(`${error.message}:\n${up.output()}`);
  });
  const addresses = [1, 2, 3].map((i) => (process.platform === "linux" ? `127.0.0.${i}` : "127.0.0.1"));
  const subnets = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"];
  const dig = ["@127.0.0.1", "-p", String(port + 52), "+short", "tv.redbutton.test"];
  // An edge of a busy machine may miss a check or two: then another is given for as long.
  for (const [i, subnet] of subnets.entries())
    await until(`${addresses[i]} for ${subnet}`, async () => {
      return (await runProgram("dig", [...dig, `+subnet=${subnet}`])) === `${addresses[i]}\n`;
    });
  // Edges know of each other by a show's board.
  await until("syd by HTTP", async () => {
    const nearest = await fetch(`http://127.0.0.1:${port - 1}/v1/edges/nearest?country=AU`);
    return ((await nearest.json()) as { edges: { edge: string }[] }).edges[0]?.edge === "syd";
  });
});

test("whom `kill` ends is started again; when `up` itself is killed, nobody stays behind", async () => {
  const { up, dir } = await startUp();
  const [before] = processesNaming(`${dir}/fra.json`);
  const kill = redbutton(["kill", "fra", "--dir", dir]);
  expect(await kill.exited).toBe(0);
  await until("the end of fra's process", () => !isAlive(before!));
  await until("fra's next process", () => processesNaming(`${dir}/fra.json`).some((pid) => pid !== before));
  const unknown = redbutton(["kill", "ber", "--dir", dir]);
  expect(await unknown.exited).toBe(1);
  expect(unknown.output()).toContain("fra, nyc, syd, recorder");
  up.signal("SIGKILL");
  // The launcher may stand between: whoever holds the children's lifelines must be gone too.
  for (const pid of processesNaming(`up\0--dir\0${dir}`)) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  await until("the orphans' end", () => processesNaming(`${dir}/`).length === 0);
});

test("an edge that hears nothing any more: `inspect lag` says what it lacks since when, and that it has caught up", async () => {
  const { dir } = await startUp();
  const lag = async () => {
    const asked = redbutton(["inspect", "lag", "--dir", dir]);
    return { code: await asked.exited, output: asked.output() };
  };
  await until("nobody to be behind", async () => (await lag()).code === 0);
  const stopped = processesNaming(`${dir}/syd.json`);
  expect(stopped).not.toEqual([]);
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  try {
    const open = redbutton(["poll", "open", "--dir", dir, "--edge", "fra"]);
    expect([await open.exited, open.output()]).toEqual([0, expect.stringContaining("is open")]);
    await until("syd to be named", async () =>
      /"syd" lacks by its last word \d+ .* of "talent-final\/board" that "\w+" holds, the oldest since \d\d:\d\d/.test(
        (await lag()).output,
      ),
    );
  } finally {
    for (const pid of stopped) process.kill(pid, "SIGCONT");
  }
  await until("syd to have caught up", async () => (await lag()).code === 0);
});

test("`why` tells the whole way of a ballot, up to the frame of the cue that it triggered", async () => {
  const dir = join(mkdtempSync(join(tmpdir(), "redbutton-up-")), "new");
  folders.push(dirname(dir));
  const up = redbutton(["up", "--dir", dir, "--port", String(await freeBase()), "--no-sample"]);
  await until("everyone", () => up.output().includes("3 of 3 live"), 60_000).catch((error: Error) => {
    throw new Error(`${error.message}:\n${up.output()}`);
  });
  const folder = openFolder(dir);
  const { address } = folder.edges[0]!;
  const api = new EdgeApi(address, folder.operatorToken("producer"));
  const options = ["yes", "no"].map((id) => ({ id, text: id }));
  const rule = { kind: "voted", poll: "goal", at_least: 1 };
  const first = { id: "first", rule, message: { kind: "text", text: "{count}" } };
  await api.createShow({
    id: "match",
    title: "m",
    polls: [{ id: "goal", question: "?", options }],
    thresholds: [first],
  });
  // Members that have not heard of the show yet say so, and are asked again.
  const done = async (task: Promise<unknown>) => task.then(() => true).catch(() => false);
  await until("the threshold's arming", () => done(api.commandThreshold("match", "first", "arm")));
  await until("both watchers", async () => {
    const operator = { Authorization: `Bearer ${folder.operatorToken("producer")}` };
    const listed = await fetch(`${address}/v1/shows/match/thresholds`, { headers: operator });
    return ((await listed.json()) as { thresholds: { state: string }[] }).thresholds[0]?.state === "armed";
  });
  await until("the poll's arming", () => done(api.command("match", "goal", "arm")));
  await until("the poll's opening", () => done(api.command("match", "goal", "open")));
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const token = folder.tokenKeys().receivers.sign({ sub: "tv-1", exp, role: "receiver", anon: true });
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ option: "yes", press: 1 });
  const code = await until("a receipt", async () => {
    const response = await fetch(`${address}/v1/shows/match/polls/goal/ballots`, { method: "POST", headers, body });
    return response.status === 202 && ((await response.json()) as { code: string }).code;
  });
  const steps = ["accepted", "durable", "in the ledger", "visible", "recorded", "counted", "threshold", "cue", "frame"];
  const story = await until("every step", async () => {
    const why = redbutton(["why", code, "--dir", dir]);
    await why.exited;
    return steps.every((step) => why.output().includes(`✓ ${step}`)) && why.output();
  });
  expect(story).toMatch(/✓ frame .* \+\d+ ms {2}in the picture from PTS \d+ on/);
});
