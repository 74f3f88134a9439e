import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Inspector } from "../../../crdt/inspect/inspector.ts";
import type { Facts } from "../../../crdt/inspect/read/status.ts";
import type { Member } from "../../../crdt/member.ts";
import type { Config } from "../../config.ts";
import type { Door } from "./door.ts";

/** The view into a member, which its peers may have too; none where it is not configured. */
export function inspectorOf({ inspect }: Config, member: Member, facts: () => Facts): Inspector | undefined {
  if (!inspect) return undefined;
  const inspector = new Inspector(member, facts);
  member.answerer = (question) => inspector.answer(question);
  return inspector;
}

/** What this process knows of itself. */
export function factsOf(runtime: Door["runtime"]): Facts {
  return { build: BUILD, runtime, memoryBytes: process.memoryUsage().rss };
}

const BUILD = versionOf(resolve(import.meta.dirname, "../../../package.json"));

function versionOf(packageFile: string): string {
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  return version;
}
