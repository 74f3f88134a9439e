import type { Rule } from "../../crdt/threshold.ts";
import { bodyOf } from "../client/client.ts";
import type { Desk } from "./desk.ts";
import { DefineThreshold } from "./define-threshold.tsx";
import { HoldButton } from "./hold-button.tsx";
import { clockText, grouped, timeText } from "./numbers.ts";
import type { ThresholdPicture } from "./picture-of-show.ts";
import type { PanelProps } from "./side-tabs.tsx";

/** Each threshold with how far it is, how fast it comes, and the cues that it has fired. */
export function ThresholdsPanel({ desk, picture }: PanelProps) {
  return (
    <>
      <Thresholds desk={desk} picture={picture} />
      {desk.may("operator") && desk.poll.value && (
        <DefineThreshold desk={desk} show={picture.show.id} poll={desk.poll.value.poll} />
      )}
    </>
  );
}

function Thresholds({ desk, picture }: PanelProps) {
  if (picture.thresholds.length === 0) return <p class="none">This show has no thresholds yet.</p>;
  return (
    <ul class="items thresholds">
      {picture.thresholds.map((each) => (
        <Threshold key={each.threshold.id} desk={desk} show={picture.show.id} picture={each} />
      ))}
    </ul>
  );
}

interface ThresholdProps {
  readonly desk: Desk;
  readonly show: string;
  readonly picture: ThresholdPicture;
}

function Threshold({ desk, show, picture: { threshold, state, progress, cues } }: ThresholdProps) {
  const param = { show, threshold: threshold.id };
  const name = ruleText(threshold.rule);
  const arm = () =>
    desk.act(`Armed: ${name}`, (client) =>
      bodyOf(client.v1.shows[":show"].thresholds[":threshold"].arm.$post({ param })),
    );
  const disarm = () =>
    desk.act(`Taken off: ${name}`, (client) =>
      bodyOf(client.v1.shows[":show"].thresholds[":threshold"].disarm.$post({ param })),
    );
  const newest = cues.at(-1);
  return (
    <li>
      <span class="name">
        {ruleText(threshold.rule)}
        <small>
          {threshold.message.kind === "text" ? `“${threshold.message.text}”` : `shows ${threshold.message.content}`}
        </small>
      </span>
      <span class={`state ${state}`}>{state === "disarmed" ? "off" : state}</span>
      {state === "armed" && progress && (
        <span class="distance">
          <progress
            value={Math.min(progress.value, progress.target)}
            max={progress.target}
            aria-label={`${threshold.id}: how far`}
          />
          {figure(threshold.rule, progress.value)} of {figure(threshold.rule, progress.target)}
          <small>{estimate(progress)}</small>
        </span>
      )}
      {state !== "disarmed" && (
        <HoldButton
          class="small"
          disabled={!desk.may("operator")}
          why="This takes the role operator"
          onconfirm={() => void (state === "draft" ? arm() : disarm())}
        >
          {state === "draft" ? "Arm" : "Take off"}
        </HoldButton>
      )}
      {newest && (
        <span class="fired">
          cue {newest.cue.epoch} at {timeText(newest.cue.firedAt)},{" "}
          {newest.isConfirmed ? "in the video signal" : "on its way to the encoder"}
        </span>
      )}
    </li>
  );
}

/** Longest time to a crossing that is said, ms: beyond it nobody knows. */
const MAX_ESTIMATE_MS = 3_600_000;

function estimate({ perSecond, remainingMs = Infinity }: NonNullable<ThresholdPicture["progress"]>): string {
  const speed = `${grouped(perSecond)} a second`;
  return remainingMs > MAX_ESTIMATE_MS ? speed : `${speed}, in about ${clockText(remainingMs)}`;
}

function figure(rule: Rule, value: number): string {
  return rule.kind === "share" ? `${value.toFixed(1)} %` : grouped(value);
}

/** A rule in words. */
export function ruleText(rule: Rule): string {
  switch (rule.kind) {
    case "present":
      return `${grouped(rule.atLeast)} receivers present${again(rule.every)}`;
    case "voted":
      return `${grouped(rule.atLeast)} have voted in ${rule.poll ?? "the show"}${again(rule.every)}`;
    case "votes":
      return `${grouped(rule.atLeast)} for ${rule.option} in ${rule.poll}${again(rule.every)}`;
    case "share":
      return `${rule.percent} % for ${rule.option} in ${rule.poll}, of ${grouped(rule.sample)} or more`;
  }
}

function again(every: number | undefined): string {
  return every === undefined ? "" : `, and each ${grouped(every)} more`;
}
