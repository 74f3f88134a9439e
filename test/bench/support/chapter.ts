import type { Options } from "./options.ts";
import type { Row } from "./row.ts";
import { Medians, type Sample } from "./sample.ts";

/** Something that is measured once a round. */
export interface Subject {
  round(round: number): Promise<Sample>;
}

/** Subjects that are compared with each other, and so are measured in turn, round after round. */
export interface Running<Name extends string> {
  readonly subjects: Readonly<Record<Name, Subject>>;
  stop(): Promise<void>;
}

/** A part of the table. */
export interface Chapter<Name extends string = string> {
  readonly title: string;
  /** Rounds, where it is not the run's number: what needs a minute is measured once. */
  readonly rounds?: number;
  start(options: Options): Promise<Running<Name>>;
  rows(of: (subject: Name) => Medians, options: Options): Row[];
}

export interface Outcome {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
  /** Why there are no rows. */
  readonly failure?: string;
}

/** Measures a chapter. What fails in one costs the others nothing. */
export async function measure<Name extends string>(chapter: Chapter<Name>, options: Options): Promise<Outcome> {
  const samples: Record<string, Sample[]> = {};
  try {
    const running = await chapter.start(options);
    try {
      for (let round = 0; round < (chapter.rounds ?? options.rounds); round++)
        for (const [name, subject] of Object.entries<Subject>(running.subjects))
          (samples[name] ??= []).push(await subject.round(round));
    } finally {
      await running.stop();
    }
    return { title: chapter.title, rows: chapter.rows((name) => new Medians(samples[name] ?? []), options), samples };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { title: chapter.title, rows: [], samples, failure };
  }
}
