import * as v from "valibot";
import { MAX_CLOCK_SKEW_MS } from "../../clock.ts";
import type { Answer } from "../inspector.ts";
import type { MemberStatus, ShowStatus } from "../read/status.ts";
import type { Message, Shown } from "../report.ts";
import { view } from "./view.ts";

export interface StatusData {
  readonly members: readonly (MemberStatus & { readonly name: string; readonly offsetMs: number })[];
}

/** Batches unrecorded or unpruned from which somebody should look: a third of where admission slows down. */
export const NOTABLE_UNPRUNED = 10_000;

/** Every member that answered, and what is wrong with any. */
export function showStatus(answers: readonly Answer<MemberStatus>[]): Shown<StatusData> {
  const members = answers.flatMap(({ member, offsetMs, reading }) =>
    reading ? [{ name: member, offsetMs, ...reading }] : [],
  );
  return { data: { members }, messages: members.flatMap((member) => messagesOf(member)) };
}

function messagesOf({ name, links, clock, twins, crowded, shows }: StatusData["members"][number]): Message[] {
  const closed = links
    .filter(({ open }) => !open)
    .map(({ peer }): Message => ({
      code: "link_closed",
      severity: "warning",
      text: `"${name}" has no link with "${peer}"`,
      fix: `Look whether "${peer}" runs, and whether the backbone lets the two reach each other.`,
    }));
  const alarms = twins.map((twin): Message => ({
    code: "twins",
    severity: "error",
    text: `two programs run under the name "${twin}", as "${name}" sees it`,
    fix: "Stop one of them; both count, and neither drives the other out.",
  }));
  if (!clock.trusted)
    alarms.push({
      code: "clock_untrusted",
      severity: "error",
      text: `"${name}" does not trust its clock (${clock.reason}, ${Math.round(clock.skewMs)} ms) and admits nothing`,
      fix: `Set its clock: it has to be within ${MAX_CLOCK_SKEW_MS} ms of its peers' median.`,
    });
  if (crowded !== undefined)
    alarms.push({
      code: "crowded",
      severity: "warning",
      text: `"${name}" knows ${crowded} boots: each makes a transaction 0.2 µs slower`,
      fix: "Find out what restarts so often; a new show begins without them.",
    });
  return [...alarms, ...closed, ...shows.flatMap((show) => ofShow(name, show))];
}

function ofShow(name: string, show: ShowStatus): Message[] {
  const where = `show "${show.id}" at "${name}"`;
  const messages: Message[] = [];
  if (!show.ready)
    messages.push({
      code: "not_ready",
      severity: "warning",
      text: `${where} is catching up with its peers`,
      fix: "Wait a moment; where it lasts, see `inspect lag`.",
    });
  if (show.forks > 0)
    messages.push({
      code: "forked",
      severity: "error",
      text: `${where} has ${show.forks} batches that contradict the chain they claim to continue`,
      fix: "A disk was cloned, or a log damaged: run `redbutton verify`.",
    });
  if (show.damaged > 0)
    messages.push({
      code: "damaged",
      severity: "error",
      text: `${where} was sent ${show.damaged} batches that cannot be read, and left them out`,
      fix: "Look for a member of a newer version, or one that is damaged.",
    });
  if (show.folded - show.pruned > NOTABLE_UNPRUNED)
    messages.push({
      code: "unpruned",
      severity: "warning",
      text: `${where} holds ${show.folded - show.pruned} batches that are not recorded and pruned`,
      fix: "Look at the recorder, and at the edge whose register is behind: see `inspect lag`.",
    });
  return messages;
}

export const status = view({
  summary: "every replica: build, boot, log, links, memory",
  params: v.strictObject({}),
  run: async ({ inspector }) => {
    const answers = await inspector.gather({ ask: "status" });
    return { shown: showStatus(answers), asked: answers };
  },
});
