// What `wrangler deploy` would upload, in workerd as Cloudflare runs it: one socket a region, objects' storage on disk.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "../..");
const READY_WITHIN_MS = 30_000;
const WRANGLER_ENV = { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" };
const COMPATIBILITY_DATE = "2026-10-23";
const MODULE = "workers.js";

/** What the dry run of a deployment made and said. */
export interface Bundle {
  /** A single module. */
  readonly file: string;
  readonly output: string;
}

let made: Bundle | undefined;

/** Bundles as `wrangler deploy` does, once a process. Takes some seconds. */
export function bundleWorker(): Bundle {
  if (made) return made;
  const folder = mkdtempSync(join(tmpdir(), "redbutton-bundle-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const args = ["node_modules/wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", folder];
  const env = { ...process.env, ...WRANGLER_ENV };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`bundling the Worker: wrangler ended with ${status}: ${stdout}${stderr}`);
  return (made = { file: join(folder, "workers.js"), output: stdout });
}

/** workerd's own file: the one in .bin is a wrapper. */
export function findWorkerd(): string {
  const here = createRequire(import.meta.url);
  const manifest = createRequire(here.resolve("workerd/package.json")).resolve(
    `@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}/package.json`,
  );
  return join(dirname(manifest), "bin/workerd");
}

const living = new Set<ChildProcess>();
process.once("exit", () => living.forEach((child) => child.kill("SIGKILL")));

export interface WorkerdWish {
  /** Region → port of 127.0.0.1; a request that comes there is that region's. */
  readonly ports: Readonly<Record<string, number>>;
  /** Variables and secrets, as in `Env`. */
  readonly bindings: Readonly<Record<string, string>>;
  /** In place of the bundle of wrangler.toml. */
  readonly module?: string;
  /** Port of 127.0.0.1 at which it can be looked into, by the DevTools protocol. */
  readonly inspectorPort?: number;
}

/** A workerd with one network in it. It can be killed, and started again on the same storage. */
export class Workerd {
  readonly #folder: string;
  readonly #ports: readonly number[];
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;
  #output = "";

  /** `folder` holds its storage. Nothing is started. */
  constructor(folder: string, wish: WorkerdWish) {
    this.#folder = folder;
    this.#ports = Object.values(wish.ports);
    const inspector = wish.inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${wish.inspectorPort}`];
    this.#arguments = ["serve", ...inspector, "config.capnp"];
    mkdirSync(join(folder, "objects"), { recursive: true });
    // workerd embeds what lies beside its configuration, and nothing else.
    copyFileSync(wish.module ?? bundleWorker().file, join(folder, MODULE));
    writeFileSync(join(folder, "config.capnp"), configuration(folder, wish));
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** What it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when every port answers. */
  async start(): Promise<void> {
    const child = spawn(findWorkerd(), this.#arguments, {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    living.add(child);
    child.once("exit", () => living.delete(child));
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part: Buffer) => (this.#output += part.toString("utf8")));
    const deadline = Date.now() + READY_WITHIN_MS;
    for (const port of this.#ports)
      while (!(await answers(port))) {
        if (child.exitCode !== null)
          throw new Error(`starting workerd: it ended with ${child.exitCode}: ${this.#output}`);
        if (Date.now() > deadline) throw new Error(`starting workerd: nothing answers at ${port}: ${this.#output}`);
        await pause(50);
      }
  }

  /** As by `kill -9`: every object ends at once, with whatever was in its memory. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}

/** Any answer will do: an edge that is not ready has one, too. */
async function answers(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** A service a region, with the same code and its region pinned, and the objects in a service of their own. */
function configuration(folder: string, { ports, bindings }: WorkerdWish): string {
  const regions = Object.entries(ports);
  const texts = Object.entries(bindings).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`);
  const namespaces = ["EdgeObject", "RecorderObject", "OrdersObject"]
    .map((name) => `(className = "${name}", uniqueKey = "redbutton-${name}", enableSql = true)`)
    .join(", ");
  const objects = ["EDGES EdgeObject", "RECORDER RecorderObject", "ORDERS OrdersObject"].map((pair) => {
    const [name, className] = pair.split(" ");
    return `(name = "${name}", durableObjectNamespace = (className = "${className}", serviceName = "objects"))`;
  });
  const worker = (more: readonly string[], rest: string) => `(
    modules = [(name = "${MODULE}", esModule = embed "${MODULE}")],
    compatibilityDate = "${COMPATIBILITY_DATE}",
    bindings = [${[...texts, ...objects, ...more].join(", ")}],
    ${rest}
  )`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "disk", disk = (path = "${join(folder, "objects")}", writable = true)),
    (name = "objects", worker = ${worker([], `durableObjectNamespaces = [${namespaces}], durableObjectStorage = (localDisk = "disk"),`)}),
    ${regions.map(([region]) => `(name = "${region}", worker = ${worker([`(name = "REGION", text = "${region}")`], "")})`).join(",\n    ")}
  ],
  sockets = [${regions.map(([region, port]) => `(name = "${region}", address = "127.0.0.1:${port}", http = (), service = "${region}")`).join(", ")}],
);
`;
}
