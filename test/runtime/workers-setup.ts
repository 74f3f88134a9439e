// A real libSQL server for the tests inside workerd, which can start no program themselves.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { findSqld, startSqld } from "../support/sqld.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the server; empty where it is not installed. */
    sqld: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if ("missing" in findSqld()) {
    project.provide("sqld", "");
    return async () => {};
  }
  const folder = mkdtempSync(join(tmpdir(), "redbutton-workers-"));
  const server = await startSqld(folder);
  project.provide("sqld", server.url);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
