// `redbutton up` as a program: everyone comes up, and nobody stays behind, however it ends.
import { rmSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { writeNetwork } from "../support/network.ts";
import { endAll, isAlive, processesNaming, redbutton, until, type Started } from "../support/processes.ts";

const folders: string[] = [];

afterEach(async () => {
  await endAll();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function startUp(): Promise<{ up: Started; dir: string }> {
  const { path: dir } = await writeNetwork(["fra", "nyc", "syd"]);
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
