// A clock that a test sets while a program runs under it, by Debian's package faketime.
import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LIBRARY = globSync("/usr/lib/*/faketime/libfaketime.so.1")[0];

export class FakeClock {
  /** Why there is none on this machine. */
  static readonly missing = LIBRARY === undefined ? "faketime is not installed" : undefined;
  /** The shift, which the library reads from a file again and again. */
  readonly #file: string;

  /** Right at first. */
  constructor(folder: string) {
    this.#file = join(folder, "clock-shift");
    this.set("+0");
  }

  /** Seconds from the real time: "+3600". */
  set(shift: string): void {
    writeFileSync(this.#file, `${shift}\n`);
  }

  /** What the program that is to have this clock is started with. Timers keep the real time. */
  get environment(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: LIBRARY!,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }
}
