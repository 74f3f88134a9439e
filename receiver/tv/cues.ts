import { attempt } from "./storage.ts";

/** What the video signal says is to be shown: see docs/cue-payload.md. */
export interface ShownCue {
  readonly cue: string;
  /** A line of text, or the id of something published. */
  readonly is: "text" | "content";
  readonly value: string;
  readonly seconds: number;
}

var VERSION = 1;

export interface Cues {
  /** Takes a cue as a carrier has it: the array as JSON. The same cue comes several times and by several ways. */
  readonly take: (text: string) => void;
  /** What is shown now. */
  readonly now: () => ShownCue | undefined;
}

export function createCues(show: string, onchange: () => void): Cues {
  var seen: { [cue: string]: true } = {};
  var shown: ShownCue | undefined;
  var timer: ReturnType<typeof setTimeout> | undefined;
  return {
    take: (text) => {
      var cue = readCue(text, show);
      if (!cue || seen[cue.cue]) return;
      seen[cue.cue] = true;
      shown = cue;
      clearTimeout(timer);
      timer = setTimeout(() => {
        shown = undefined;
        onchange();
      }, cue.seconds * 1000);
      onchange();
    },
    now: () => shown,
  };
}

/** The cue, if it is one of this show and of a kind that this page knows. */
export function readCue(text: string, show: string): ShownCue | undefined {
  var array = attempt(() => JSON.parse(text) as unknown);
  if (!(array instanceof Array) || array[0] !== VERSION || array[1] !== show) return undefined;
  var cue: unknown = array[2];
  var value: unknown = array[4];
  var seconds: unknown = array[6];
  if (typeof cue !== "string" || typeof value !== "string" || typeof seconds !== "number") return undefined;
  if (array[3] === "t") return { cue, is: "text", value, seconds };
  if (array[3] === "c") return { cue, is: "content", value, seconds };
  return undefined;
}
