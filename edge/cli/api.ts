import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { AllResultsBody } from "../answers.ts";
import { ForgottenAnswer, ProducerPollBody, ShowBody, ThresholdAnswer, ThresholdsAnswer } from "../producer-answers.ts";
import { DecisionAnswer, ProductAnswer, SellingAnswer } from "../selling-answers.ts";
import { bodyOf, edgeClient, EdgeRefusal, type EdgeClient } from "../client/client.ts";
import type { OpenBody as OpenSchema } from "../schemas.ts";
import type { ShowFile } from "../show-file.ts";
import type { ThresholdBody as ThresholdSchema } from "../threshold-file.ts";
import { UserError } from "./user-error.ts";

type OpenBody = v.InferInput<typeof OpenSchema>;
type ThresholdBody = v.InferInput<typeof ThresholdSchema>;

type Polls = v.InferOutput<typeof ProducerPollBody>;

/** How long an edge may take to answer an operator, ms. */
const TIMEOUT_MS = 10_000;
/** An edge is not ready for a moment after a start, and for a show that is new: so long, and so often, it is asked again. */
const NOT_READY = { forMs: 10_000, everyMs: 200 } as const;

/** One edge as an operator talks to it. Calls throw `UserError` with the edge's own words where it refuses. */
export class EdgeApi {
  readonly address: string;
  readonly #client: EdgeClient;

  constructor(address: string, token: string) {
    this.address = address.replace(/\/$/, "");
    this.#client = edgeClient(this.address, token, (input, init) =>
      fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
    );
  }

  createShow(file: unknown): Promise<v.InferOutput<typeof ShowBody>> {
    // The edge checks it, and says what is wrong with it.
    const json = file as v.InferInput<typeof ShowFile>;
    return this.#ask(ShowBody, "creating the show", ({ v1 }) => v1.shows.$post({ json }));
  }

  show(show: string): Promise<v.InferOutput<typeof ShowBody>> {
    return this.#ask(ShowBody, `reading show "${show}"`, ({ v1 }) => v1.shows[":show"].$get({ param: { show } }));
  }

  command(show: string, poll: string, command: PollCommand, body: OpenBody = {}): Promise<Polls> {
    const param = { show, poll };
    return this.#ask(ProducerPollBody, `${command} of poll "${poll}" in show "${show}"`, ({ v1 }) => {
      const commands = v1.shows[":show"].polls[":poll"];
      return command === "open" ? commands.open.$post({ param, json: body }) : commands[command].$post({ param });
    });
  }

  results(show: string): Promise<v.InferOutput<typeof AllResultsBody>> {
    const param = { show };
    return this.#ask(AllResultsBody, `reading results of "${show}"`, ({ v1 }) =>
      v1.shows[":show"].results.$get({ param }),
    );
  }

  forget(show: string): Promise<v.InferOutput<typeof ForgottenAnswer>> {
    const param = { show };
    return this.#ask(ForgottenAnswer, `destroying the key of "${show}"`, ({ v1 }) =>
      v1.shows[":show"].forget.$post({ param }),
    );
  }

  thresholds(show: string): Promise<v.InferOutput<typeof ThresholdsAnswer>> {
    const param = { show };
    return this.#ask(ThresholdsAnswer, `reading thresholds of "${show}"`, ({ v1 }) =>
      v1.shows[":show"].thresholds.$get({ param }),
    );
  }

  putThreshold(show: string, threshold: string, body: unknown): Promise<ThresholdAnswer> {
    const param = { show, threshold };
    // As with a show's file.
    const json = body as ThresholdBody;
    return this.#ask(ThresholdAnswer, `defining threshold "${threshold}" of "${show}"`, ({ v1 }) =>
      v1.shows[":show"].thresholds[":threshold"].$put({ param, json }),
    );
  }

  commandThreshold(show: string, threshold: string, command: "arm" | "disarm"): Promise<ThresholdAnswer> {
    const param = { show, threshold };
    return this.#ask(ThresholdAnswer, `${command} of threshold "${threshold}" in show "${show}"`, ({ v1 }) =>
      v1.shows[":show"].thresholds[":threshold"][command].$post({ param }),
    );
  }

  selling(show: string): Promise<SellingAnswer> {
    const param = { show };
    return this.#ask(SellingAnswer, `reading orders of "${show}"`, ({ v1 }) =>
      v1.shows[":show"].selling.$get({ param }),
    );
  }

  commandProduct(show: string, product: string, command: "offer" | "withdraw"): Promise<ProductAnswer> {
    const param = { show, product };
    return this.#ask(ProductAnswer, `${command} of product "${product}" in show "${show}"`, ({ v1 }) =>
      v1.shows[":show"].products[":product"][command].$post({ param }),
    );
  }

  decideOrder(show: string, order: string, decision: DecisionAnswer["decision"]): Promise<DecisionAnswer> {
    const param = { show, order };
    return this.#ask(DecisionAnswer, `deciding order "${order}" of show "${show}"`, ({ v1 }) =>
      v1.shows[":show"].decisions[":order"].$post({ param, json: { decision } }),
    );
  }

  /** The answer, of the shape that this version knows: an edge may be of another. */
  async #ask<S extends v.GenericSchema, T>(
    schema: S,
    doing: string,
    send: (client: EdgeClient) => Promise<{ ok: boolean; status: number; json(): Promise<T> }>,
  ): Promise<v.InferOutput<S>> {
    const deadline = Date.now() + NOT_READY.forMs;
    for (;;) {
      try {
        return v.parse(schema, await bodyOf(send(this.#client)));
      } catch (error) {
        if (!(error instanceof EdgeRefusal)) throw error;
        const code = error.problem?.code;
        if (code !== "not_ready" || Date.now() > deadline)
          throw new UserError(`${doing} at ${this.address}: ${code === undefined ? "" : `${code}: `}${error.message}`);
        await sleep(NOT_READY.everyMs);
      }
    }
  }
}

export const POLL_COMMANDS = ["arm", "open", "close", "void", "release"] as const;
export type PollCommand = (typeof POLL_COMMANDS)[number];
