import type { Rule } from "../../crdt/threshold.ts";
import { grouped, timeText } from "./numbers.ts";
import type { ThresholdPicture } from "./picture-of-show.ts";
import type { PanelProps } from "./side-tabs.tsx";

/** Each threshold with how far it is, how fast it comes, and the cues that it has fired. */
export function ThresholdsPanel({ picture }: PanelProps) {
  if (picture.thresholds.length === 0)
    return (
      <p class="none">
        This show has no thresholds. Its file, or PUT …/thresholds, says what puts a cue into the picture.
      </p>
    );
  return (
    <ul class="items thresholds">
      {picture.thresholds.map((each) => (
        <Threshold key={each.threshold.id} picture={each} />
      ))}
    </ul>
  );
}

function Threshold({ picture: { threshold, state, progress, cues } }: { readonly picture: ThresholdPicture }) {
  const newest = cues.at(-1);
  return (
    <li>
      <span class="name">
        {ruleText(threshold.rule)}
        <small>
          {threshold.message.kind === "text" ? `“${threshold.message.text}”` : `shows ${threshold.message.content}`}
        </small>
      </span>
      <span class={`state ${state}`}>{newest && state !== "off" ? "fired" : state}</span>
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
      {newest && (
        <span class="fired">
          cue {newest.cue.epoch} at {timeText(newest.cue.firedAt)},{" "}
          {newest.isConfirmed ? "in the video signal" : "on its way to the encoder"}
        </span>
      )}
    </li>
  );
}

function estimate({ perSecond, remainingMs }: NonNullable<ThresholdPicture["progress"]>): string {
  const speed = `${grouped(perSecond)} a second`;
  return remainingMs === undefined ? speed : `${speed}, in about ${Math.ceil(remainingMs / 1000)} s`;
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
