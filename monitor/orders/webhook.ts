import * as v from "valibot";
import type { Clock } from "../../crdt/ports.ts";
import type { BookedCharge, Booking, Charge, Provider } from "./provider.ts";
import { SIGNATURE_HEADER, signatureOf, TIMESTAMP_HEADER } from "./signature.ts";

/** How long a provider may take to answer, ms; after it the outcome is unknown, and the order is looked for later. */
export const PROVIDER_TIMEOUT_MS = 5000;
/** Longest answer of a provider in characters: a day's list of a million charges would be read in pages, not at once. */
export const MAX_ANSWER_CHARS = 16 * 1024 * 1024;

const Money = {
  amount: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/)),
};
const Slug = v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,40}$/));
const Booked = v.variant("state", [
  v.object({ state: v.picklist(["charged", "refunded"]), ...Money }),
  v.object({ state: v.literal("refused"), reason: Slug }),
]);
const Listed = v.object({
  charges: v.array(v.object({ reference: v.string(), state: v.picklist(["charged", "refunded"]), ...Money })),
});

/** One HTTP request to a provider. */
export interface WebhookRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of the whole exchange, ms. */
  readonly timeoutMs: number;
}

/** Sends a request, and resolves with its answer; rejects where none came in time: what was asked may have happened. */
export type Send = (request: WebhookRequest) => Promise<{ readonly status: number; readonly body: string }>;

export interface WebhookOptions {
  /** Without a slash at its end. */
  readonly url: string;
  /** What signs each request: see `signatureOf`. */
  readonly secret: string;
  readonly clock: Clock;
  readonly timeoutMs?: number;
  /** By `fetch` where it is left out. */
  readonly send?: Send;
}

/**
 * A provider that is spoken to over HTTP, each request signed; docs/orders.md has the contract for those who build one.
 *
 *     POST url/charges                        200 {state: "charged", amount, currency} or {state: "refused", reason}
 *     GET  url/charges/REFERENCE              the same, or 404
 *     POST url/charges/REFERENCE/refund       200 {state: "refunded", …} or {state: "refused", reason} where none was
 *     GET  url/charges?show=SHOW              200 {charges: [{reference, state, amount, currency}]}
 */
export class WebhookProvider implements Provider {
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  charge(charge: Charge): Promise<Booking> {
    return this.#ask("POST", "/charges", charge.reference, Booked, charge);
  }

  async find(reference: string): Promise<Booking> {
    return (await this.#askFor("GET", `/charges/${reference}`, reference, Booked)) ?? { state: "absent" };
  }

  refund(reference: string): Promise<Booking> {
    return this.#ask("POST", `/charges/${reference}/refund`, reference, Booked, {});
  }

  async list(show: string): Promise<readonly BookedCharge[]> {
    return (await this.#ask("GET", `/charges?show=${encodeURIComponent(show)}`, undefined, Listed)).charges;
  }

  async #ask<T>(
    method: string,
    path: string,
    key: string | undefined,
    schema: v.GenericSchema<unknown, T>,
    body?: object,
  ) {
    const answer = await this.#askFor(method, path, key, schema, body);
    if (answer === undefined) throw new Error(`the provider answered ${method} ${path} with 404`);
    return answer;
  }

  /** Undefined for 404; throws where nobody can tell what happened. */
  async #askFor<T>(
    method: string,
    path: string,
    key: string | undefined,
    schema: v.GenericSchema<unknown, T>,
    body?: object,
  ): Promise<T | undefined> {
    const { url, timeoutMs = PROVIDER_TIMEOUT_MS, send = sendByFetch } = this.#options;
    const text = body === undefined ? "" : JSON.stringify(body);
    const { status, body: answer } = await send({
      method,
      url: url + path,
      headers: this.#headers(method, path, text, key),
      ...(body === undefined ? {} : { body: text }),
      timeoutMs,
    });
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`the provider answered ${method} ${path} with ${status}`);
    if (answer.length > MAX_ANSWER_CHARS) throw new Error(`the provider's answer has ${answer.length} characters`);
    const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), answer);
    if (!read.success) throw new Error(`reading the provider's answer: ${read.issues[0].message}`);
    return read.output;
  }

  #headers(method: string, path: string, body: string, key: string | undefined): Record<string, string> {
    const { url, secret, clock } = this.#options;
    const timestamp = String(Math.floor(clock.now() / 1000));
    const signed = { method, path: new URL(url).pathname.replace(/\/$/, "") + path, body };
    return {
      "Content-Type": "application/json",
      [TIMESTAMP_HEADER]: timestamp,
      [SIGNATURE_HEADER]: signatureOf(secret, timestamp, signed),
      ...(key === undefined ? {} : { "Idempotency-Key": key }),
    };
  }
}

/** A redirect is not followed: what was signed was signed for this address. Workers know no "error". */
async function sendByFetch({ url, timeoutMs, ...request }: WebhookRequest) {
  const response = await fetch(url, { ...request, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
  return { status: response.status, body: await response.text() };
}
