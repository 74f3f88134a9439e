import * as v from "valibot";
import type { Report } from "../../../crdt/inspect/report.ts";
import type { BallotStory, WhyData } from "../../../crdt/inspect/view/why.ts";
import type { Stage } from "../../../crdt/inspect/view/why-stages.ts";
import { findFolder } from "../network/folder.ts";

/** What an encoder says of the cues that went into its signal. */
const placed = v.object({
  cues: v.array(v.object({ cue: v.string(), eventId: v.number(), pts: v.number(), at: v.number() })),
});
type PlacedCue = v.InferOutput<typeof placed>["cues"][number];

/** How long an encoder may take to answer, ms. */
const TIMEOUT_MS = 2_000;
/** Ticks of a presentation time in a second (ISO/IEC 13818-1, 2.4.3.7). */
const PTS_PER_SECOND = 90_000;

/** Adds the last step of each ballot whose crossing fired a cue: the frame, as the folder's encoders tell it. */
export async function withFrames(report: Report, dir: string): Promise<Report> {
  const { ballots } = report.data as WhyData;
  if (!ballots.some(({ cue }) => cue !== undefined)) return report;
  const cues = await askEncoders(dir);
  return { ...report, data: { ballots: ballots.map((story) => withFrame(story, cues)) } satisfies WhyData };
}

function withFrame(story: BallotStory, cues: readonly PlacedCue[]): BallotStory {
  const found = cues.find(({ cue }) => cue !== "" && story.cue?.startsWith(cue));
  if (!found) return story;
  const accepted = story.stages.find(({ name }) => name === "accepted")?.at;
  const stage: Stage = {
    name: "frame",
    state: "done",
    text: `in the picture from PTS ${found.pts} on (${(found.pts / PTS_PER_SECOND).toFixed(3)} s), event ${found.eventId}`,
    at: found.at,
    ...(accepted === undefined ? {} : { afterMs: found.at - accepted }),
  };
  return { ...story, stages: [...story.stages, stage] };
}

async function askEncoders(dir: string): Promise<PlacedCue[]> {
  const addresses = (findFolder(dir)?.programs ?? []).flatMap(({ status }) => status ?? []);
  const asked = await Promise.all(addresses.map(askEncoder));
  return asked.flat();
}

async function askEncoder(status: string): Promise<PlacedCue[]> {
  try {
    const response = await fetch(`${status}/cues`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const read = v.safeParse(placed, await response.json());
    return read.success ? read.output.cues : [];
  } catch {
    return []; // Another kind of program, or one that is away.
  }
}
