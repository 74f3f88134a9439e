// A member that is configured wrongly says so and does not start, on either runtime.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findDeno, ROOT, RUNTIMES } from "../../edge/cli/supervise/program.ts";
import type { NetworkFolder } from "../../edge/cli/network/folder.ts";
import { writeNetwork } from "../support/network.ts";
import { endAll, isAlive, redbutton, until } from "../support/processes.ts";

let folder: NetworkFolder;
let good: Record<string, unknown>;

beforeAll(async () => {
  folder = await writeNetwork(["fra"]);
  good = JSON.parse(readFileSync(folder.edges[0]!.config, "utf8")) as Record<string, unknown>;
});
afterEach(endAll);
afterAll(() => rmSync(folder.path, { recursive: true, force: true }));

function write(name: string, contents: unknown): string {
  const path = `${folder.path}/${name}.json`;
  writeFileSync(path, typeof contents === "string" ? contents : JSON.stringify(contents));
  return path;
}

test.for<[what: string, contents: () => unknown, said: string[]]>([
  ["no JSON", () => "{", ["JSON"]],
  ["a missing secret", () => ({ ...good, keys: {} }), ["keys.private", "keys.network"]],
  [
    "a default secret",
    () => ({ ...good, keys: { private: "00".repeat(32), network: "ab".repeat(32) } }),
    ["keys.private: got a default"],
  ],
  [
    "a short secret",
    () => ({ ...good, keys: { private: "0123456789abcdef", network: "x" } }),
    ["keys.private: got 8 bytes", "wanted 32"],
  ],
  [
    "an absent variable",
    () => ({ ...good, keys: { private: { env: "RB_NONE" }, network: { file: "none" } } }),
    ['"RB_NONE"', "none"],
  ],
  [
    "a wrong port",
    () => ({ ...good, public: { host: "127.0.0.1", port: "80" } }),
    ['public.port: got "80", wanted a port'],
  ],
])("%s is refused with exit code 78", async ([what, contents, said]) => {
  const member = redbutton(["edge", "--config", write(what.replaceAll(" ", "-"), contents())]);
  expect(await member.exited).toBe(78);
  for (const words of said) expect(member.output()).toContain(words);
  expect(member.output()).not.toContain("    at ");
});

test("a recorder's configuration is none for an edge", async () => {
  const member = redbutton(["edge", "--config", folder.processes[0]!.config]);
  expect(await member.exited).toBe(78);
  expect(member.output()).toContain('role "recorder"');
});

test.for(RUNTIMES)("an edge runs on %s in place of the command, and SIGTERM ends it with 0", async (runtime) => {
  if (runtime === "deno" && !findDeno()) throw new Error(`Deno is missing below "${ROOT}"`);
  const edge = redbutton(["edge", "--config", folder.edges[0]!.config, "--runtime", runtime]);
  await until("the edge", () => edge.output().includes('"edge is up"')).catch((error: Error) => {
    throw new Error(`${error.message}:\n${edge.output()}`);
  });
  expect(edge.output()).toContain(`"runtime":"${runtime}"`);
  const second = redbutton(["edge", "--config", folder.edges[0]!.config, "--runtime", runtime]);
  expect(await second.exited).toBe(1);
  expect(second.output()).toMatch(/in use|listening on/);
  edge.signal("SIGTERM");
  expect(await edge.exited).toBe(0);
  expect(isAlive(edge.pid)).toBe(false);
});
