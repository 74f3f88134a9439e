import HLS from "hls-parser";
import type { CueIndication } from "../indication.ts";
import { payloadText } from "../payload.ts";
import { ID3_DESCRIPTION } from "../signal/id3.ts";

/** A segment as the playlist names it. */
export interface ListedSegment {
  readonly uri: string;
  /** Seconds. */
  readonly duration: number;
  /** Milliseconds since 1970 of its first picture. */
  readonly date: number;
  readonly isFresh: boolean;
}

/** A cue as the playlist announces it. */
export interface ListedCue {
  readonly indication: CueIndication;
  /** Milliseconds since 1970 of its picture. */
  readonly date: number;
  /** Its SCTE 35 section. */
  readonly section: Uint8Array;
}

export interface LivePlaylist {
  /** Number of the first segment (RFC 8216, 4.3.3.2). */
  readonly sequence: number;
  /** Discontinuities before it (4.3.3.3). */
  readonly discontinuities: number;
  readonly targetDuration: number;
  readonly segments: readonly ListedSegment[];
  readonly cues: readonly ListedCue[];
}

/** RFC 8216: date ranges need 6, independent segments 7. */
const VERSION = 7;

export function writePlaylist(playlist: LivePlaylist): string {
  const segments = playlist.segments.map(
    ({ uri, duration, date, isFresh }) =>
      new HLS.types.Segment({
        uri,
        duration: Math.round(duration * 1e5) / 1e5,
        programDateTime: new Date(date),
        discontinuity: isFresh,
      }),
  );
  const text = HLS.stringify(
    new HLS.types.MediaPlaylist({
      version: VERSION,
      independentSegments: true,
      targetDuration: playlist.targetDuration,
      mediaSequenceBase: playlist.sequence,
      discontinuitySequenceBase: playlist.discontinuities,
      segments,
      dateRanges: playlist.cues.map(dateRangeOf),
    }),
  );
  return `${text}\n`;
}

/** EXT-X-DATERANGE (4.3.2.7). Without a duration a range never ends, and players have been seen not to show it. */
function dateRangeOf({ indication, date, section }: ListedCue) {
  const { payload, eventId } = indication;
  return new HLS.types.DateRange({
    id: `${payload.cue}-${eventId}`,
    classId: ID3_DESCRIPTION,
    start: new Date(date),
    duration: payload.durationMs / 1000,
    attributes: {
      // A quoted string holds no quotes and no line ends.
      "X-REDBUTTON-CUE": encodeURIComponent(payloadText(payload)),
      "SCTE35-CMD": section,
    },
  });
}

/** What an earlier life left, to go on from; undefined for what is no playlist of ours. */
export function readPlaylist(text: string): Omit<LivePlaylist, "cues"> | undefined {
  if (!text.startsWith("#EXTM3U")) return undefined;
  try {
    const read = HLS.parse(text);
    if (!("segments" in read)) return undefined;
    const segments = read.segments.map((segment): ListedSegment => ({
      uri: segment.uri,
      duration: segment.duration,
      date: segment.programDateTime?.getTime() ?? 0,
      isFresh: segment.discontinuity ?? false,
    }));
    return {
      sequence: read.mediaSequenceBase ?? 0,
      discontinuities: read.discontinuitySequenceBase ?? 0,
      targetDuration: read.targetDuration,
      segments,
    };
  } catch {
    return undefined;
  }
}
