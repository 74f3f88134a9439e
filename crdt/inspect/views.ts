import * as v from "valibot";
import { worstFirst, type Asking, type Message, type Report } from "./report.ts";
import { diff } from "./view/diff.ts";
import { doc } from "./view/doc.ts";
import { growth } from "./view/growth.ts";
import { lag } from "./view/lag.ts";
import { log } from "./view/log.ts";
import { status } from "./view/status.ts";
import { structs } from "./view/structs.ts";
import { thresholds } from "./view/thresholds.ts";
import type { Asked, View, ViewContext } from "./view/view.ts";
import { why } from "./view/why.ts";

/** Every view by its name: what the API, the command line and the page offer. */
export const VIEWS = { status, lag, doc, structs, growth, log, diff, thresholds, why } as const;

export type ViewName = keyof typeof VIEWS;

export function isViewName(name: string): name is ViewName {
  return Object.hasOwn(VIEWS, name);
}

/** Why a view cannot be shown: what is wrong with its parameters. */
export interface BadParams {
  readonly bad: string;
}

/** Makes a view's report for one who asks with these parameters. */
export function inspect(
  name: ViewName,
  params: Readonly<Record<string, string>>,
  context: ViewContext,
): Promise<Report> | BadParams {
  // All views at once are of no type that takes the parameters of each; what they take is checked just below.
  const view: View = VIEWS[name];
  const read = v.safeParse(view.params, params);
  if (!read.success) return { bad: read.issues.map(describe).join("; ") };
  return report(name, view, read.output, context);
}

async function report(name: ViewName, view: View, params: unknown, context: ViewContext): Promise<Report> {
  const { member } = context.inspector;
  const { shown, asked } = await view.run(context, params);
  const messages = worstFirst([...silences(asked), ...shown.messages]);
  return {
    version: 1,
    view: name,
    at: member.world.clock.now(),
    by: member.name,
    members: asked.map(asking),
    messages,
    data: shown.data,
  };
}

function asking({ member, why, heardAt }: Asked[number]): Asking {
  return {
    name: member,
    answered: why === undefined,
    ...(why === undefined ? {} : { why }),
    ...(heardAt === undefined ? {} : { heardAt }),
  };
}

function silences(asked: Asked): Message[] {
  return asked
    .filter(({ why }) => why !== undefined)
    .map(({ member, why, heardAt }) => {
      const last = heardAt === undefined ? "" : `, last heard ${new Date(heardAt).toISOString().slice(11, 23)}`;
      const reason = why === "no link" ? "nobody asked has a link with it" : "it did not answer in time";
      return {
        code: "member_silent",
        severity: "warning",
        text: `"${member}" did not answer: ${reason}${last}`,
        fix: `Look whether "${member}" runs, is configured to be inspected, and can be reached over the backbone.`,
      };
    });
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "the query";
  if (issue.expected === "never") return `"${path}" is no parameter of this view`;
  return `"${path}": got ${issue.received}, wanted ${issue.message.startsWith("Invalid ") ? (issue.expected ?? "something else") : issue.message}`;
}
