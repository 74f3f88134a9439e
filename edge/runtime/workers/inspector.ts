import { Inspector } from "../../../crdt/inspect/inspector.ts";
import type { Facts } from "../../../crdt/inspect/read/status.ts";
import type { Member } from "../../../crdt/member.ts";
import manifest from "../../../package.json" with { type: "json" };
import type { Settings } from "./settings.ts";

/**
 * The view into an object's member, which its peers may have too; none where it is not configured. The platform does not
 * tell an object how much memory it takes.
 */
export function inspectorOf(
  { inspect }: Pick<Settings, "inspect">,
  member: Member,
  sockets: () => Pick<Facts, "receivers" | "readers"> = () => ({}),
): Inspector | undefined {
  if (!inspect) return undefined;
  const inspector = new Inspector(member, () => ({ build: manifest.version, runtime: "workers", ...sockets() }));
  member.answerer = (question) => inspector.answer(question);
  return inspector;
}
