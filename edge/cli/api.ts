import * as v from "valibot";
import {
  AllResultsBody,
  ProducerPollBody,
  ResultsBody,
  ShowBody,
  ThresholdAnswer,
  ThresholdsAnswer,
} from "../answers.ts";
import { UserError } from "./user-error.ts";

type Polls = v.InferOutput<typeof ProducerPollBody>;

/** What an edge said no to: its problem document, in short. */
const problem = v.object({ status: v.number(), code: v.string(), detail: v.string() });

/** How long an edge may take to answer an operator, ms. */
const TIMEOUT_MS = 10_000;
/** An edge is not ready for a moment after a start, and for a show that is new: so long, and so often, it is asked again. */
const NOT_READY = { forMs: 10_000, everyMs: 200 } as const;

/** One edge as an operator talks to it. Calls throw `UserError` with the edge's own words where it refuses. */
export class EdgeApi {
  readonly address: string;
  readonly #token: string;

  constructor(address: string, token: string) {
    this.address = address.replace(/\/$/, "");
    this.#token = token;
  }

  createShow(file: unknown): Promise<v.InferOutput<typeof ShowBody>> {
    return this.#ask(ShowBody, "POST", "/v1/shows", file);
  }

  show(show: string): Promise<v.InferOutput<typeof ShowBody>> {
    return this.#ask(ShowBody, "GET", `/v1/shows/${encodeURIComponent(show)}`);
  }

  command(show: string, poll: string, command: PollCommand, body?: object): Promise<Polls> {
    return this.#ask(
      ProducerPollBody,
      "POST",
      `/v1/shows/${encodeURIComponent(show)}/polls/${encodeURIComponent(poll)}/${command}`,
      body,
    );
  }

  results(show: string): Promise<v.InferOutput<typeof AllResultsBody>> {
    return this.#ask(AllResultsBody, "GET", `/v1/shows/${encodeURIComponent(show)}/results`);
  }

  thresholds(show: string): Promise<v.InferOutput<typeof ThresholdsAnswer>> {
    return this.#ask(ThresholdsAnswer, "GET", `/v1/shows/${encodeURIComponent(show)}/thresholds`);
  }

  putThreshold(show: string, id: string, body: object): Promise<ThresholdAnswer> {
    return this.#ask(ThresholdAnswer, "PUT", this.#threshold(show, id), body);
  }

  commandThreshold(show: string, id: string, command: "arm" | "disarm"): Promise<ThresholdAnswer> {
    return this.#ask(ThresholdAnswer, "POST", `${this.#threshold(show, id)}/${command}`);
  }

  #threshold(show: string, id: string): string {
    return `/v1/shows/${encodeURIComponent(show)}/thresholds/${encodeURIComponent(id)}`;
  }

  async #ask<S extends v.GenericSchema>(
    schema: S,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<v.InferOutput<S>> {
    const deadline = Date.now() + NOT_READY.forMs;
    for (;;) {
      const response = await this.#fetch(method, path, body);
      const answered: unknown = await response.json().catch(() => undefined);
      if (response.ok) return v.parse(schema, answered);
      const read = v.safeParse(problem, answered);
      const refused = read.success ? read.output : { code: `HTTP ${response.status}`, detail: "no problem document" };
      if (refused.code !== "not_ready" || Date.now() > deadline)
        throw new UserError(`${method} ${this.address}${path}: ${refused.code}: ${refused.detail}`);
      await new Promise((resolve) => setTimeout(resolve, NOT_READY.everyMs));
    }
  }

  async #fetch(method: string, path: string, body: unknown): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    try {
      return await fetch(`${this.address}${path}`, {
        method,
        headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...sent,
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new UserError(`${method} ${this.address}${path}: ${cause}`);
    }
  }
}

export const POLL_COMMANDS = ["arm", "open", "close", "void", "release"] as const;
export type PollCommand = (typeof POLL_COMMANDS)[number];

/** A poll's counts in one list, an entry an option, both kinds of receivers together. */
export function totalsOf(results: v.InferOutput<typeof ResultsBody>): number[] {
  return results.counts.map(({ anonymous, signed }) => anonymous + signed);
}
