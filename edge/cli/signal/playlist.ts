import { Parser } from "m3u8-parser";
import type { Payload } from "../../../monitor/encoder/payload.ts";
import { payloadOf } from "./reader.ts";

/** A live playlist is asked for so often, ms: as a player does for segments of two seconds, and ours have one. */
const READ_INTERVAL_MS = 1_000;

/**
 * Follows a live playlist as a player does, read with m3u8-parser: a cue stands in it for as long as the segments that
 * are listed, some seconds, and whoever looks later does not find it.
 */
export class PlaylistReader {
  readonly address: string;
  /** Of each version that was read, the cues that it announces. */
  readonly versions: (readonly Payload[])[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(address: string) {
    this.address = address;
    // An edge that is too busy now, or has no segment yet, is asked again.
    this.#timer = setInterval(() => void this.read().catch(() => {}), READ_INTERVAL_MS);
  }

  static follow(address: string): PlaylistReader {
    return new PlaylistReader(address);
  }

  /** Reads the playlist as it is now; rejects where it cannot be had. */
  async read(): Promise<void> {
    const response = await fetch(this.address);
    if (!response.ok) throw new Error(`asking for "${this.address}": got ${response.status}`);
    this.versions.push(announcedIn(await response.text()));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

function announcedIn(playlist: string): Payload[] {
  const parser = new Parser();
  parser.push(playlist);
  parser.end();
  const texts = (parser.manifest.dateRanges ?? []).map(({ xRedbuttonCue = "" }) => decodeURIComponent(xRedbuttonCue));
  return texts.flatMap((text) => payloadOf(text) ?? []);
}
