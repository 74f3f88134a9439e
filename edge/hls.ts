/** Where an edge has a show's HLS from. */
export interface HlsSource {
  /** The live playlist, or a segment that it names; undefined where there is none, or not any more. */
  read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** By show: what the configuration says, "*" standing for every show that it does not name. */
export type HlsSources = ReadonlyMap<string, HlsSource>;

export const PLAYLIST = "live.m3u8";
/** Names that encoders give: a life, and a number in it. */
export const SEGMENT = /^[a-z0-9]{1,16}-\d{1,9}\.ts$/;

/** How long a playlist from elsewhere is good, ms: a quarter of a segment. */
export const PLAYLIST_AGE_MS = 250;
/** Segments from elsewhere that are kept: what a playlist names, and the next ones. */
export const MAX_KEPT = 16;

interface Kept {
  readonly body: Promise<Uint8Array<ArrayBuffer> | undefined>;
  readonly at: number;
}

/**
 * A source that is asked at most once for each segment, and four times a second for the playlist, however many receivers
 * ask at once.
 */
export class KeptHls implements HlsSource {
  readonly #source: HlsSource;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(source: HlsSource, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const kept = this.#kept.get(file);
    const now = this.#now();
    if (kept && (file !== PLAYLIST || Math.abs(now - kept.at) < PLAYLIST_AGE_MS)) return kept.body;
    const body = this.#source.read(file);
    this.#kept.delete(file);
    this.#kept.set(file, { body, at: now });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    // What failed or was not there is asked for again.
    const forget = () => this.#kept.get(file)?.body === body && this.#kept.delete(file);
    body.then((found) => found ?? forget(), forget);
    return body;
  }
}
