import { distance, PTS_WRAP } from "../signal/packet.ts";

/** Pictures are reordered by less than this, 90 kHz: what jumps back further is another time. */
const REORDER_TICKS = 2 * 90_000;

/** What time it is in a programme, 90 kHz: the latest picture's, else the programme clock's. */
export class ProgrammeTime {
  #pts = -1;
  #pcrBase = -1;

  get isKnown(): boolean {
    return this.#pts >= 0 || this.#pcrBase >= 0;
  }

  /** Negative where it is not known. */
  get pts(): number {
    return this.#pts >= 0 ? this.#pts : this.#pcrBase;
  }

  /** The programme's clock has come, 27 MHz. */
  clock(pcr: number): void {
    this.#pcrBase = Math.floor(pcr / 300);
  }

  /** A picture has begun. They come in the order of decoding: the latest in the order of showing counts. */
  picture(pts: number): void {
    const ahead = this.#pts < 0 ? 1 : distance(this.#pts, pts, PTS_WRAP);
    if (ahead > 0 || ahead < -REORDER_TICKS) this.#pts = pts;
  }

  /** Pictures cannot be read any more: the clock counts. */
  losePictures(): void {
    this.#pts = -1;
  }

  /** Another programme, or another clock of it. */
  forget(): void {
    this.#pts = this.#pcrBase = -1;
  }
}
