import { parseDocumentName } from "../../crdt/documents.ts";
import { pruningHeldUpBy } from "../../crdt/pruning.ts";
import { waitingFor } from "../../edge/programme.ts";
import { canonical, contentOf } from "./canonical.ts";
import type { Program } from "./machine.ts";
import { SHOW } from "./producer.ts";
import type { Scene } from "./scene.ts";

/** Why all has not come to rest yet; undefined once every program that has to be there agrees with every other. */
export function unrest(scene: Scene): string | undefined {
  const machines = scene.required();
  for (const { host, running } of machines) {
    const reason = running ? unrestOf(running, scene) : "is down";
    if (reason) return `${host} ${reason}`;
  }
  const replicas = machines.map(({ running }) => running!.member.replica(SHOW)!);
  if (!areSame(replicas.map((replica) => canonical(replica.coverage().toJSON())))) return "coverage differs";
  for (const name of replicas[0]?.documents() ?? []) {
    const kind = parseDocumentName(name)!.kind === "ledger" ? "arrays" : "maps";
    if (kind === "arrays" && scene.recorders > 1) continue;
    const contents = replicas.map((replica) => contentOf(replica.document(name)!, kind));
    if (!areSame(contents)) return `document "${name}" differs`;
  }
  return undefined;
}

function unrestOf({ member, edge }: Program, { polls, mayReturn, hasLeft }: Scene): string | undefined {
  const replica = member.replica(SHOW);
  if (!replica || !member.isReady(replica)) return "is not ready";
  const { reasons = [] } = edge?.readiness() ?? {};
  if (reasons.length > 0) return `is not ready: ${reasons.join(", ")}`;
  if (edge && replica.isRegisterHidden) return "does not show its register";
  const open = polls.find(({ id }) => !replica.board.final(id));
  if (open) return `has no final of ${open.id}, which waits for ${waitingFor(open.index, replica).join(", ")}`;
  const stray = replica.board.rosterBoots().find(({ boot, lost }) => !lost && !mayReturn(boot) && !hasLeft(boot));
  if (stray) return `has ${stray.edge}/${stray.boot} on its roster`;
  if (replica.unpruned === 0) return undefined;
  return `has ${replica.unpruned} batches that are not pruned, held up by ${pruningHeldUpBy(replica)}`;
}

function areSame(values: readonly string[]): boolean {
  return values.every((value) => value === values[0]);
}
