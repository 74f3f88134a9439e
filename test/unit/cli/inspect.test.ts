import { expect, test } from "vitest";
import type { Message, Report } from "../../../crdt/inspect/report.ts";
import { exitCodeOf } from "../../../edge/cli/inspect/exit.ts";

const message = (code: Message["code"], severity: Message["severity"]): Message => ({
  code,
  severity,
  text: "",
  fix: "",
});
const all = [{ name: "fra", answered: true }];
const some = [...all, { name: "syd", answered: false, why: "no link" as const }];

test.for<[string, Pick<Report, "members" | "messages">, number]>([
  ["all is well", { members: all, messages: [] }, 0],
  ["somebody is behind for a moment", { members: all, messages: [message("behind", "note")] }, 0],
  ["somebody is silent", { members: some, messages: [message("member_silent", "warning")] }, 2],
  ["nothing was found", { members: all, messages: [message("not_found", "warning")] }, 3],
  ["replicas diverge", { members: all, messages: [message("gap", "error")] }, 4],
  ["one is silent and long behind", { members: some, messages: [message("behind", "error")] }, 4],
])("where %s, the exit code says so", ([, report, code]) => {
  expect(exitCodeOf(report)).toBe(code);
});
