// `redbutton up` as a program: everyone comes up, and nobody stays behind, however it ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isFree } from "../../edge/cli/network/ports.ts";
import { writeNetwork } from "../support/network.ts";
import { missingPrograms, runProgram } from "../support/programs.ts";
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

/** A first port from which on all that `up` needs is free. */
async function freeBase(): Promise<number> {
  for (let base = 21_000; base < 60_000; base += 1300) {
    const needed = [-1, 0, 1, 2, 52, 1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1104];
    const free = await Promise.all(needed.map((shift) => isFree("127.0.0.1", base + shift)));
    if (free.every(Boolean)) return base;
  }
  throw new Error("no ports are free");
}

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
