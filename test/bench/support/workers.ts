import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { build } from "esbuild";
import { EdgeApi } from "../../../edge/cli/api.ts";
import { freePorts } from "../../../edge/cli/network/ports.ts";
import { deriveTokenKeys } from "../../../edge/token.ts";
import { startSqld } from "../../support/sqld.ts";
import { Workerd } from "../../support/workerd.ts";
import { POLL_DEFINITION, POLL_ID, SHOW_ID } from "./ballots.ts";
import { cpuOf } from "./cpu.ts";
import type { Server } from "./servers.ts";

const REGION = "one";

/** The least that could answer in workerd. */
export async function bareWorkers(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-bare-"));
  const module = join(folder, "bundle.js");
  await build({
    entryPoints: [join(import.meta.dirname, "../programs/bare-workers.ts")],
    outfile: module,
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2024",
    external: ["cloudflare:*", "node:*"],
    conditions: ["workerd"],
  });
  return server(folder, {}, module);
}

/** One edge object, its poll open; with a recorder on a libSQL server, or without one. */
export async function workersEdge(recorder: boolean): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-workers-"));
  const sqld = recorder ? await startSqld(folder) : undefined;
  const started = await server(folder, sqld ? { LIBSQL_URL: sqld.url } : {});
  await openShow(started);
  const stop = async () => {
    await started.stop();
    await sqld?.stop();
  };
  return { ...started, stop };
}

async function server(folder: string, bindings: Record<string, string>, module?: string): Promise<Server> {
  const secret = bytesToHex(randomBytes(32));
  const [port = 0] = await freePorts(1);
  const address = `http://127.0.0.1:${port}`;
  const workerd = new Workerd(folder, {
    ports: { [REGION]: port },
    bindings: { REGIONS: `${REGION}=weur`, ADDRESS: address, NETWORK_SECRET: secret, ...bindings },
    ...(module === undefined ? {} : { module }),
  });
  await workerd.start();
  const cpu = () => cpuOf(workerd.pid);
  const stop = async () => {
    await workerd.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { host: "127.0.0.1", port, secret, cpu, cpuOfAll: cpu, flushes: () => flushesAt(address), stop };
}

/** Writes of the object's log; 0 where it has none. */
async function flushesAt(address: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/^redbutton_flushes_total (\d+)/m.exec(text)?.[1] ?? 0);
}

/** Creates the show and opens its poll. */
export async function openShow({ host, port, secret }: Pick<Server, "host" | "port" | "secret">): Promise<void> {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const token = deriveTokenKeys(hexToBytes(secret)).operators.sign({ sub: "bench", exp, role: "producer", shows: "*" });
  const api = new EdgeApi(`http://${host}:${port}`, token);
  const { graceMs, ...poll } = POLL_DEFINITION;
  await api.createShow({ id: SHOW_ID, title: "Final", polls: [{ ...poll, grace_ms: graceMs }] });
  await api.command(SHOW_ID, POLL_ID, "arm");
  await api.command(SHOW_ID, POLL_ID, "open");
}
