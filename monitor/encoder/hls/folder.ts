import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../../../crdt/ports.ts";
import type { CueIndication } from "../indication.ts";
import { LiveWindow } from "./live.ts";
import { readPlaylist, writePlaylist } from "./playlist.ts";
import { Segmenter, type SegmenterOptions } from "./segmenter.ts";

export const PLAYLIST_NAME = "live.m3u8";

/** A live playlist and its segments in a folder, which an edge or any web server serves. */
export class HlsFolder {
  readonly #path: string;
  readonly #world: World;
  readonly #segmenter: Segmenter;
  readonly #window: LiveWindow;
  #failed = false;

  constructor(path: string, options: SegmenterOptions, world: World) {
    this.#path = path;
    this.#world = world;
    mkdirSync(path, { recursive: true });
    const before = readPlaylist(contentsOf(join(path, PLAYLIST_NAME)));
    const named = new Set(before?.segments.map(({ uri }) => uri));
    for (const name of readdirSync(path)) if (/\.(ts|tmp)$/.test(name) && !named.has(name)) rmSync(join(path, name));
    const life = world.clock.now().toString(36);
    this.#window = new LiveWindow(life, () => world.clock.now(), options.target, before);
    this.#segmenter = new Segmenter(options, (segment) => {
      const { uri, obsolete } = this.#window.add(segment);
      this.#attempt(() => {
        writeFileSync(join(path, uri), segment.bytes);
        this.#publish();
        for (const name of obsolete) rmSync(join(path, name), { force: true });
      });
    });
  }

  write(packets: Uint8Array, from: number, to: number): void {
    this.#segmenter.push(packets, from, to);
  }

  /** Says at once that a cue comes, before the segment that has it is whole. */
  announce(indication: CueIndication, pts: number, section: Uint8Array): void {
    if (this.#window.announce(indication, pts, section)) this.#attempt(() => this.#publish());
  }

  /** A reader gets the old playlist or the new one, and never half of one. */
  #publish(): void {
    const file = join(this.#path, PLAYLIST_NAME);
    writeFileSync(`${file}.tmp`, writePlaylist(this.#window.playlist));
    renameSync(`${file}.tmp`, file);
  }

  /** A disk that is full costs the HLS, and not the stream. */
  #attempt(task: () => void): void {
    try {
      task();
      if (this.#failed) this.#world.log("info", "HLS is written again", { folder: this.#path });
      this.#failed = false;
    } catch (error) {
      if (!this.#failed)
        this.#world.log("error", "HLS cannot be written", { folder: this.#path, error: String(error) });
      this.#failed = true;
    }
  }
}

function contentsOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // There is none yet.
  }
}
