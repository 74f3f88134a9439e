// What the tests inside workerd talk to and cannot start themselves: a real libSQL server, and a payment provider that
// fails each order's first calls.
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { TestProvider } from "../support/provider.ts";
import { findSqld, startSqld } from "../support/sqld.ts";

/** What becomes of one: it is long enough in trouble for its processor to be put to sleep meanwhile. */
const FAILING_CALLS = 3;

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the server; empty where it is not installed. */
    sqld: string;
    /** Address of the payment provider; empty where there is no database, and so no order processor. */
    provider: string;
    providerSecret: string;
    envelopeKey: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = "the tests' provider";
  project.provide("providerSecret", secret);
  project.provide("envelopeKey", privateKey.export({ format: "der", type: "pkcs8" }).toString("hex"));
  if ("missing" in findSqld()) {
    project.provide("sqld", "");
    project.provide("provider", "");
    return async () => {};
  }
  const folder = mkdtempSync(join(tmpdir(), "redbutton-workers-"));
  const server = await startSqld(folder);
  const provider = await TestProvider.start({
    secret,
    mood: (_reference, call) => (call <= FAILING_CALLS ? "failing" : "well"),
  });
  project.provide("sqld", server.url);
  project.provide("provider", provider.url);
  return async () => {
    await provider.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
