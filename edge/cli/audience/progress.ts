import { progress } from "@clack/prompts";
import { grouped, say } from "../output.ts";
import type { AudienceProgress } from "./report.ts";

/** Shows how a run goes: a bar on a terminal, a line now and then elsewhere. */
export interface ProgressDisplay {
  show(now: AudienceProgress): void;
  end(): void;
}

/** Between two lines where there is no terminal. */
const LINE_INTERVAL_S = 2;

export function progressDisplay(receivers: number): ProgressDisplay {
  return process.stdout.isTTY ? new Bar(receivers) : new Lines();
}

class Bar implements ProgressDisplay {
  readonly #bar: ReturnType<typeof progress>;
  #finished = 0;
  #last = "";

  constructor(max: number) {
    this.#bar = progress({ max });
    this.#bar.start("the audience comes");
  }

  show(now: AudienceProgress): void {
    this.#bar.advance(now.finished - this.#finished, (this.#last = textOf(now)));
    this.#finished = now.finished;
  }

  end(): void {
    this.#bar.stop(this.#last);
  }
}

class Lines implements ProgressDisplay {
  #saidAt = 0;

  show(now: AudienceProgress): void {
    if (now.seconds - this.#saidAt < LINE_INTERVAL_S) return;
    this.#saidAt = now.seconds;
    say(textOf(now));
  }

  end(): void {}
}

function textOf({ finished, receivers, acknowledged, unknown, seconds }: AudienceProgress): string {
  const rate = grouped(acknowledged / Math.max(seconds, 0.001));
  const loud = unknown > 0 ? `, ${grouped(unknown)} UNKNOWN` : "";
  return `${grouped(finished)} of ${grouped(receivers)} receivers done, ${grouped(acknowledged)} presses acknowledged, ${rate}/s${loud}`;
}
