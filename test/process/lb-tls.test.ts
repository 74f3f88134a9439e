// Edges behind the front whose addresses begin with "https:": reached over TLS, and only where their certificate is theirs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { EdgeStub, type Certificate } from "../support/edge-stub.ts";
import { endAll, redbutton, until, type Started } from "../support/processes.ts";
import { edgesDown } from "../support/steering-log.ts";
import { missingPrograms, runProgram } from "../support/programs.ts";

const why = missingPrograms("openssl");
const folder = mkdtempSync(join(tmpdir(), "redbutton-lb-tls-"));
const stubs: EdgeStub[] = [];
let fra: EdgeStub;
let address: string;
let lb: Started;

beforeAll(async () => {
  if (why) return;
  const certificate = await selfSigned("fra", "IP:127.0.0.1");
  fra = await EdgeStub.start("fra", {}, stubs, 0, certificate);
  const [port = 0] = await freePorts(1);
  address = `http://127.0.0.1:${port}`;
  lb = await startFront("lb", { listen: { host: "127.0.0.1", port }, seeds: [fra.address] });
});
afterAll(async () => {
  await endAll();
  for (const stub of stubs) await stub.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A certificate for one name that nobody but whoever is told vouches for. */
async function selfSigned(name: string, subject: string): Promise<Certificate> {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" ");
  const named = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${subject}`];
  await runProgram("openssl", [...made, ...named, "-keyout", key, "-out", cert]);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/** It takes the word of whoever signed fra's certificate. */
async function startFront(name: string, settings: object): Promise<Started> {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(settings));
  const front = redbutton(["lb", "--config", file], { NODE_EXTRA_CA_CERTS: join(folder, "fra.crt") });
  await until("the front", () => front.output().includes("lb is up"));
  return front;
}

test.skipIf(why)(`the front reads the roster, checks edges and passes requests on over TLS${why}`, async () => {
  expect(fra.address).toMatch(/^https:/);
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`${address}/v1/some`, { method: "PUT", body: `ballot ${i}` });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ edge: "fra", method: "PUT", url: "/v1/some", body: `ballot ${i}` });
  }
  // Checks reach it too: it is left out once it says so, and taken again.
  fra.condition = "not ready";
  await until("fra down", () => edgesDown(lb.output()) === "fra");
  fra.condition = "well";
  await until("fra up", () => edgesDown(lb.output()) === "");
});

test.skipIf(why)(`the front carries WebSockets to an edge over TLS${why}`, async () => {
  const socket = new WebSocket(`${address.replace("http", "ws")}/v1/shows/final/live`);
  const messages: string[] = [];
  socket.on("message", (data: Buffer) => messages.push(data.toString("utf8")));
  await until("the greeting", () => messages.length === 1);
  const long = "y".repeat(300_000);
  socket.send(long);
  await until("the echo", () => messages[1] === long);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.close(1000);
  expect(await closed).toBe(1000);
});

test.skipIf(why).for([
  ["nobody vouches for", "other", "IP:127.0.0.1", "self-signed certificate"],
  ["is for another address", "fra", "IP:192.0.2.1", "IP: 127.0.0.1 is not in the cert's list"],
] as const)(`an edge whose certificate %s gets nothing of a receiver's${why}`, async ([, name, subject, complaint]) => {
  const certificate = await selfSigned(name, subject);
  const alone: EdgeStub[] = [];
  const impostor = await EdgeStub.start("imp", {}, alone, 0, certificate);
  stubs.push(impostor);
  const [port = 0] = await freePorts(1);
  const edges = [{ edge: "imp", address: impostor.address }];
  const front = await startFront(`front-${name}`, { listen: { host: "127.0.0.1", port }, edges });
  const response = await fetch(`http://127.0.0.1:${port}/ballot`, { method: "POST", body: "a secret" });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "no_edge" });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/shows/final/live`);
  expect(await new Promise((resolve) => socket.once("error", ({ message }) => resolve(message)))).toContain("503");
  expect(impostor.requests).toBe(0);
  await until("the complaint", () => front.output().includes(complaint));
});
