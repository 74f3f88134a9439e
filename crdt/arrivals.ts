/** Arrivals that are remembered of one chain: at ten flushes a second a quarter of an hour, and 64 kB. */
export const MAX_ARRIVALS = 8_192;

interface Span {
  /** Sequence of the first time in `times`. */
  first: number;
  readonly times: number[];
}

/**
 * When each batch became visible here, for those who ask afterwards why a ballot took so long. A number a batch, so that
 * it costs nothing while nobody asks; a restart forgets it.
 */
export class Arrivals {
  readonly #spans = new Map<string, Span>();

  /** The chain was visible up to `before`, and is up to `upTo` since `now`, ms since 1970. */
  note(chain: string, before: number, upTo: number, now: number): void {
    const span = this.#spanAt(chain, before + 1);
    for (let sequence = before; sequence < upTo; sequence++) span.times.push(now);
    if (span.times.length <= 2 * MAX_ARRIVALS) return;
    span.first += span.times.length - MAX_ARRIVALS;
    span.times.splice(0, span.times.length - MAX_ARRIVALS);
  }

  /** Milliseconds since 1970; undefined where it came before this boot, or too long ago, or not at all. */
  of(chain: string, sequence: number): number | undefined {
    const span = this.#spans.get(chain);
    return span?.times[sequence - span.first];
  }

  #spanAt(chain: string, sequence: number): Span {
    const known = this.#spans.get(chain);
    // A snapshot may have brought what lies between.
    if (known && known.first + known.times.length === sequence) return known;
    const span = { first: sequence, times: [] };
    this.#spans.set(chain, span);
    return span;
  }
}
