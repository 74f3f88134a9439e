import * as v from "valibot";
import type { ThresholdAnswer } from "../producer-answers.ts";
import { say, tableOf } from "./output.ts";
import { targetShow, type ShowOptions } from "./show.ts";
import { UserError } from "./user-error.ts";

/** A threshold as the command line says it; an edge checks it. */
export interface NewThreshold extends ShowOptions {
  readonly present?: number;
  readonly voted?: number;
  readonly votes?: number;
  readonly share?: number;
  readonly sample?: number;
  readonly every?: number;
  readonly poll?: string;
  readonly option?: string;
  readonly text?: string;
  readonly content?: string;
  /** Milliseconds. */
  readonly for?: number;
  readonly urgent?: boolean;
  readonly arm?: boolean;
}

export type Threshold = v.InferOutput<typeof ThresholdAnswer>;

/** Defines a threshold, and arms it where that is asked for. */
export async function setThreshold(id: string, options: NewThreshold): Promise<void> {
  const { api, show } = await targetShow(options, "operator");
  let threshold = await api.putThreshold(show, id, thresholdBody(options));
  if (options.arm) threshold = await api.commandThreshold(show, id, "arm");
  say(describe(threshold));
}

export async function commandThreshold(command: "arm" | "disarm", id: string, options: ShowOptions): Promise<void> {
  const { api, show } = await targetShow(options, "operator");
  say(describe(await api.commandThreshold(show, id, command)));
}

/** Each threshold with its distance, speed and estimated time, and what it fired. */
export async function listThresholds(options: ShowOptions): Promise<void> {
  const { api, show } = await targetShow(options, "reader");
  const { thresholds } = await api.thresholds(show);
  if (thresholds.length === 0) return say("no thresholds yet: `redbutton threshold set ID --present 10000 --text …`");
  const rows = thresholds.map((threshold) => [
    threshold.id,
    threshold.state,
    ruleText(threshold.rule),
    ...progressTexts(threshold),
    threshold.fired.map(firedText).join(", "),
  ]);
  say(tableOf([["threshold", "state", "waits for", "is at", "a second", "in", "fired"], ...rows]));
}

/** The request's body, as a show's file says a threshold. Throws where it takes more, or less, than one rule. */
export function thresholdBody(options: NewThreshold): object {
  const { poll, option, every, sample, text, content } = options;
  const kinds = (["present", "voted", "votes", "share"] as const).filter((kind) => options[kind] !== undefined);
  const [kind, ...more] = kinds;
  if (kind === undefined || more.length > 0)
    throw new UserError("a threshold has one rule: --present N, --voted N, --votes N or --share PERCENT");
  if ((text === undefined) === (content === undefined))
    throw new UserError("a threshold has one message: --text TEXT or --content ID");
  const count = kind === "share" ? { percent: options.share, sample } : { at_least: options[kind], every };
  const rule = withoutGaps({ kind, poll, option, ...count });
  const message = text === undefined ? { kind: "content", content } : { kind: "text", text };
  return withoutGaps({ rule, message, duration_ms: options.for, urgent: options.urgent });
}

function withoutGaps(record: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function describe(threshold: Threshold): string {
  return `threshold "${threshold.id}", ${ruleText(threshold.rule)}, is ${threshold.state}`;
}

export function ruleText(rule: Threshold["rule"]): string {
  switch (rule.kind) {
    case "present":
      return `${steps(rule)} receivers present`;
    case "voted":
      return `${steps(rule)} receivers voted in ${rule.poll ?? "any poll"}`;
    case "votes":
      return `${steps(rule)} votes for ${rule.poll}/${rule.option}`;
    case "share":
      return `${rule.percent} % for ${rule.poll}/${rule.option}, of at least ${rule.sample} votes`;
  }
}

function steps({ at_least: atLeast, every }: { at_least: number; every?: number }): string {
  return every === undefined ? String(atLeast) : `${atLeast}, and each further ${every},`;
}

function progressTexts({ progress }: Threshold): string[] {
  if (!progress) return ["", "", ""];
  const { value, target: goal, per_second: perSecond, remaining_ms: remaining } = progress;
  return [
    `${round(value)} of ${round(goal)}`,
    round(perSecond),
    remaining === undefined ? "" : `${round(remaining / 1000)} s`,
  ];
}

function firedText({ epoch, at, value, confirmed_at: confirmed }: Threshold["fired"][number]): string {
  const when = new Date(at).toISOString().slice(11, 23);
  return `${epoch}: ${when} at ${round(value)}, ${confirmed === undefined ? "not with the encoder yet" : `encoder +${confirmed - at} ms`}`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
