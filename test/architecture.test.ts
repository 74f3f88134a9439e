// Who may import whom, and where the platforms' and the outside world's names may stand.
import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { type Import, type Module, scan } from "./support/scan.ts";

const folders = ["crdt", "edge", "monitor", "receiver"];

/** The folders that a folder's modules may import from, besides their own. */
const arrows: Record<string, string[]> = { crdt: [], edge: ["crdt"], monitor: ["crdt"], receiver: [] };

/** Entry points join the sides, and nothing imports them. */
const isEntry = (path: string) => /^edge\/(runtime\/[^/]+\.ts$|cli\/)/.test(path);
const mayNamePlatforms = (path: string) => /^(edge\/(runtime|cli)\/|monitor\/|crdt\/store\/libsql[^/]*$)/.test(path);
const mayOpenDatabase = (path: string) => /^(crdt\/store\/|monitor\/database[^/]*$)/.test(path);
/** Pages run in browsers, whose clock and timers they have; they share edge/client/ to talk to an edge, and edge/widgets/. */
const runsInBrowsers = (path: string) => /^(receiver|edge\/(console|graphics|inspector|client|widgets))\//.test(path);
/** Where clock, timers and randomness are parameters. */
const isHandedTheWorld = (path: string) =>
  /^(crdt|edge|monitor)\//.test(path) && !/^edge\/(runtime|cli)\//.test(path) && !runsInBrowsers(path);

const platformModule = /^(ws$|cloudflare:|@cloudflare\/|@hono\/node-server|hono\/(bun|cloudflare-|deno))/;
const platformName = /^(Deno|Bun|NodeJS|Buffer|process\.\w+|WebSocketPair)\b/;
const worldModule = /^(node:)?(timers|timers\/promises|perf_hooks)$|^lib0\/(random|time)(\.js)?$/;
const worldName =
  /^(Date\.now|Math\.random|performance\.(now|timeOrigin)|crypto\.(getRandomValues|randomUUID)|set(Timeout|Interval|Immediate))$|^new Date\(\)$/;
const randomOfNodeCrypto = /^(random\w+|getRandomValues|webcrypto)$/;

type Rule = (modules: Module[]) => string[];

const rules: Record<string, Rule> = {
  "follows the arrows between folders": eachImport((from, to, { specifier, typeOnly }) => {
    const [side, other] = [folderOf(from), folderOf(to)];
    if (side === other || (!folders.includes(other) && other !== "test")) return;
    if (isEntry(from) && ["crdt", "monitor"].includes(other)) return;
    if (side === "receiver" && typeOnly && other !== "test") return;
    if (arrows[side]?.includes(other)) return;
    if (other === "test") return `product code imports "${specifier}"; only tests import from test/`;
    if (side === "receiver") return `imports "${specifier}"; receiver/ may use other folders by \`import type\` only`;
    const allowed = [side, ...(arrows[side] ?? [])].map((folder) => `${folder}/`).join(" and ");
    const hint = side === "edge" ? "; both sides meet in entry points only: edge/runtime/*.ts and edge/cli/" : "";
    return `imports "${specifier}"; ${side}/ may import from ${allowed} only${hint}`;
  }),

  "keeps servers out of pages": eachImport((from, to) => {
    if (!runsInBrowsers(to) || runsInBrowsers(from) || (to.startsWith("edge/client/") && from.startsWith("edge/cli/")))
      return undefined;
    return `imports "${to}", which browsers run`;
  }),

  "leaves entry points unimported": eachImport((from, to, { specifier }) => {
    if (isEntry(to) && !(from.startsWith("edge/cli/") && to.startsWith("edge/cli/"))) {
      return `imports "${specifier}", an entry point; move what it needs into a module that both import`;
    }
    if (to.startsWith("edge/runtime/") && !isEntry(from) && !from.startsWith("edge/runtime/")) {
      return `imports "${specifier}", which belongs to a platform; let the runtime hand it in`;
    }
    return undefined;
  }),

  "has no cycles among value imports": cycles,

  "names platforms at their doors only": (modules) =>
    modules
      .filter(({ path }) => !mayNamePlatforms(path))
      .flatMap(({ path, imports, uses }) => [
        ...imports
          .filter(({ specifier }) => platformModule.test(specifier) || (isBuiltin(specifier) && !isCrypto(specifier)))
          .map(({ specifier, line }) => `${path}:${line} imports "${specifier}"; ${platforms}`),
        ...uses
          .filter(({ name }) => platformName.test(name))
          .map(({ name, line }) => `${path}:${line} uses ${name}; ${platforms}`),
      ]),

  "is handed clock, timers and randomness": (modules) =>
    modules
      .filter(({ path }) => isHandedTheWorld(path))
      .flatMap(({ path, imports, uses }) => [
        ...imports
          .filter(
            ({ specifier, names }) =>
              worldModule.test(specifier) ||
              (isCrypto(specifier) && names.some((name) => randomOfNodeCrypto.test(name))),
          )
          .map(({ specifier, line }) => `${path}:${line} imports from "${specifier}"; ${world}`),
        ...uses
          .filter(({ name }) => worldName.test(name))
          .map(({ name, line }) => `${path}:${line} uses ${name}; ${world}`),
      ]),

  "opens the database behind its door": (modules) =>
    ["@libsql/", "libsql", "#libsql"]
      .flatMap((prefix) => importersOf(modules, prefix))
      .filter(({ path }) => !mayOpenDatabase(path))
      .map(({ path, line }) => `${path}:${line} imports libSQL; only crdt/store/ and monitor/database*.ts may`),

  "leaves the native database out of Workers": (modules) =>
    importersOf(modules, "libsql").map(
      ({ path, line }) => `${path}:${line} imports "libsql"; "#libsql" has a place there`,
    ),

  "uses jose in one module": (modules) => {
    const importers = importersOf(modules, "jose");
    const paths = new Set(importers.map(({ path }) => path));
    if (paths.size <= 1) return [];
    return importers.map(({ path, line }) => `${path}:${line} imports jose, and so do others; one module may`);
  },
};

const platforms = "platforms may be named in edge/runtime/, edge/cli/, monitor/ and crdt/store/libsql*.ts only";
const world = "take it as a parameter; edge/runtime/ and edge/cli/ hand it in";

const modules = productModules();

test("the rules have modules to look at", () => {
  expect(modules.length).toBeGreaterThan(0);
});

test.for(Object.entries(rules))("the code %s", ([, rule]) => {
  expect(rule(modules)).toEqual([]);
});

test.for<[rule: string, sources: Record<string, string>, problems: string[]]>([
  [
    "follows the arrows between folders",
    {
      "crdt/a.ts": `import { b } from "../edge/b.ts"; import { fake } from "../test/support/fake.ts";`,
      "edge/b.ts": `import "../crdt/a.ts"; import type { C } from "../monitor/c.ts";`,
      "edge/runtime/node.ts": `import "../b.ts"; import "../../monitor/c.ts";`,
      "edge/runtime/node/files.ts": `import "../../../monitor/c.ts";`,
      "monitor/c.ts": `import "../crdt/a.ts"; export { b } from "../edge/b.ts";`,
      "receiver/d.ts": `import type { A } from "../crdt/a.ts"; import { type B } from "../edge/b.ts";`,
    },
    [
      "crdt/a.ts:1 imports",
      "crdt/a.ts:1 product",
      "edge/b.ts:1 imports",
      "edge/runtime/node/files.ts:1 imports",
      "monitor/c.ts:1 imports",
      "receiver/d.ts:1 imports",
    ],
  ],
  [
    "leaves entry points unimported",
    {
      "edge/app.ts": `import "./runtime/node.ts";\nimport "./runtime/node/files.ts";\nawait import("./cli/main.ts");`,
      "edge/cli/main.ts": `import "./up.ts"; import "../runtime/deno.ts"; import "../runtime/node/files.ts";`,
      "edge/runtime/node.ts": `import "./node/files.ts"; import "./deno.ts";`,
    },
    [
      "edge/app.ts:1 imports",
      "edge/app.ts:2 imports",
      "edge/app.ts:3 imports",
      "edge/cli/main.ts:1 imports",
      "edge/runtime/node.ts:1 imports",
    ],
  ],
  [
    "keeps servers out of pages",
    {
      "edge/a.ts": `import "./console/b.ts"; import "./client/c.ts";`,
      "edge/cli/d.ts": `import "../client/c.ts"; import "../graphics/e.ts";`,
      "edge/console/b.ts": `import "../client/c.ts";`,
    },
    ["edge/a.ts:1", "edge/a.ts:1", "edge/cli/d.ts:1"],
  ],
  [
    "has no cycles among value imports",
    {
      "crdt/a.ts": `import "./b.ts"; import type { D } from "./d.ts";`,
      "crdt/b.ts": `export * from "./c.ts";`,
      "crdt/c.ts": `import { a } from "./a.ts";`,
      "crdt/d.ts": `import "./a.ts";`,
    },
    ["crdt/a.ts → crdt/b.ts → crdt/c.ts → crdt/a.ts"],
  ],
  [
    "names platforms at their doors only",
    {
      "crdt/a.ts": `import { createHash } from "node:crypto";\nimport fs from "fs";\nimport type { WebSocket } from "ws";`,
      "crdt/store/libsql-file.ts": `import { rm } from "node:fs/promises";`,
      "edge/b.ts": `import { DurableObject } from "cloudflare:workers";\nDeno.serve(() => {});\nprocess.env["HOME"];`,
      "edge/c.ts": `for (const process of list) process.start(); // Deno.serve, process.env`,
      "edge/runtime/deno.ts": `Deno.serve(() => {});`,
      "monitor/d.ts": `import { WebSocketServer } from "ws";`,
    },
    ["crdt/a.ts:2", "crdt/a.ts:3", "edge/b.ts:1", "edge/b.ts:2", "edge/b.ts:3"],
  ],
  [
    "is handed clock, timers and randomness",
    {
      "crdt/a.ts": `Date.now();\nnew Date();\nMath.random;\nglobalThis.setTimeout(f, 1);\ncrypto.getRandomValues(bytes);`,
      "crdt/b.ts": `import { randomBytes, createHash } from "node:crypto";\nimport { uint32 } from "lib0/random";`,
      "crdt/c.ts": `const f = ({ setTimeout }: Timers, clock: Clock) => [setTimeout(g), clock.setInterval(g), new Date(0)];`,
      "edge/cli/d.ts": `Date.now();`,
      "edge/e.ts": `const later = (now = performance.now) => setInterval(now, 1);`,
      "monitor/f.ts": `import { setTimeout } from "node:timers/promises";`,
      "receiver/g.ts": `setTimeout(press, Math.random());`,
    },
    [
      "crdt/a.ts:1",
      "crdt/a.ts:2",
      "crdt/a.ts:3",
      "crdt/a.ts:4",
      "crdt/a.ts:5",
      "crdt/b.ts:1",
      "crdt/b.ts:2",
      "edge/e.ts:1",
      "edge/e.ts:1",
      "monitor/f.ts:1",
    ],
  ],
  [
    "opens the database behind its door",
    {
      "crdt/store/libsql.ts": `import { createClient } from "@libsql/client";`,
      "monitor/database.ts": `import { createClient } from "@libsql/client/web";`,
      "monitor/recorder.ts": `import type { Client } from "@libsql/client";\nimport Database from "#libsql";`,
    },
    ["monitor/recorder.ts:1", "monitor/recorder.ts:2"],
  ],
  [
    "leaves the native database out of Workers",
    {
      "crdt/store/libsql.ts": `import Database from "#libsql";`,
      "crdt/store/libsql-file.ts": `import Database from "libsql";`,
    },
    ["crdt/store/libsql-file.ts:1"],
  ],
  [
    "uses jose in one module",
    {
      "edge/token.ts": `import { jwtVerify } from "jose"; import { decodeJwt } from "jose";`,
      "edge/other.ts": `import { decodeJwt } from "jose";`,
    },
    ["edge/other.ts:1", "edge/token.ts:1", "edge/token.ts:1"],
  ],
])("a breach of the rule is found: %s", ([rule, sources, problems]) => {
  const found = rules[rule]?.(Object.entries(sources).map(([path, source]) => scan(path, source))) ?? [];
  expect(found.toSorted()).toEqual(problems.map((start) => expect.stringContaining(start)));
});

function productModules(): Module[] {
  const root = posix.join(import.meta.dirname, "..");
  const paths = globSync(`{${folders.join(",")}}/**/*.{ts,tsx}`, { cwd: root, exclude: ["**/*.d.ts"] });
  return paths.toSorted().map((path) => scan(path, readFileSync(posix.join(root, path), "utf8")));
}

/** A rule about one import of one of the repository's modules by another; `judge` gives what is wrong with it. */
function eachImport(judge: (from: string, to: string, found: Import) => string | undefined): Rule {
  return (modules) =>
    modules.flatMap(({ path, imports }) =>
      imports.flatMap((found) => {
        const to = targetOf(path, found);
        const problem = to === undefined ? undefined : judge(path, to, found);
        return problem === undefined ? [] : [`${path}:${found.line} ${problem}`];
      }),
    );
}

function cycles(modules: Module[]): string[] {
  const targets = new Map(
    modules.map(({ path, imports }) => [
      path,
      imports.filter(({ typeOnly }) => !typeOnly).flatMap((found) => targetOf(path, found) ?? []),
    ]),
  );
  const cleared = new Set<string>();
  const problems: string[] = [];
  const follow = (path: string, trail: string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) problems.push([...trail.slice(start), path].join(" → "));
    if (start >= 0 || cleared.has(path)) return;
    for (const target of targets.get(path) ?? []) follow(target, [...trail, path]);
    cleared.add(path);
  };
  for (const path of targets.keys()) follow(path, []);
  return problems;
}

function importersOf(modules: Module[], prefix: string): { path: string; line: number }[] {
  return modules.flatMap(({ path, imports }) =>
    imports.filter(({ specifier }) => specifier.startsWith(prefix)).map(({ line }) => ({ path, line })),
  );
}

function targetOf(path: string, { specifier }: Import): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined;
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}

function isCrypto(specifier: string): boolean {
  return specifier === "node:crypto";
}
