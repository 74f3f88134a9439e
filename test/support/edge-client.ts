// An edge's public address as a program talks to it: whatever it answers is a value.
import { expect } from "vitest";
import type { ResultsBody } from "../../edge/answers.ts";
import type { ShowBody } from "../../edge/producer-answers.ts";
import { soon } from "./soon.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** An edge that was killed or holds its breath counts as gone after this, ms. */
const TIMEOUT_MS = 5000;

export class EdgeClient {
  readonly address: string;
  readonly #token: string | undefined;

  constructor(address: string, token?: string) {
    this.address = address;
    this.#token = token;
  }

  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer> {
    return this.ask("GET", path, undefined, headers);
  }

  /** `body`: text as it is, anything else as JSON. */
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer> {
    return this.ask("POST", path, body, headers);
  }

  async ask(method: string, path: string, body: unknown, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const headers: Record<string, string> = { ...more };
    if (this.#token !== undefined) headers["authorization"] ??= `Bearer ${this.#token}`;
    if (body !== undefined) headers["content-type"] ??= "application/json";
    const response = await fetch(this.address + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** Creates a show. */
  async create(file: object): Promise<void> {
    expect(await this.post("/v1/shows", file)).toMatchObject({ status: 201 });
  }

  /** Has a producer's command carried out: again, while the edge has not heard of what it builds on. */
  async command(
    show: string,
    poll: string,
    ...commands: ("arm" | "open" | "close" | "release" | "void")[]
  ): Promise<void> {
    for (const command of commands)
      await soon(async () => {
        expect(await this.post(`/v1/shows/${show}/polls/${poll}/${command}`)).toMatchObject({ status: 200 });
      });
  }

  async show(show: string): Promise<ShowBody> {
    return okBody<ShowBody>(await this.get(`/v1/shows/${show}`));
  }

  async results(show: string, poll: string): Promise<ResultsBody> {
    return okBody<ResultsBody>(await this.get(`/v1/shows/${show}/polls/${poll}/results`));
  }

  /** A figure of /metrics; the sum, where it has labels. */
  async metric(name: string): Promise<number> {
    const text = String((await this.get("/metrics")).body);
    const samples = [...text.matchAll(new RegExp(`^redbutton_${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))];
    if (samples.length === 0) throw new Error(`reading metrics: there is no "${name}"`);
    return samples.reduce((sum, [, value]) => sum + Number(value), 0);
  }
}

function okBody<T>({ status, body }: Answer): T {
  if (status !== 200) throw new Error(`asking an edge: got ${status} ${JSON.stringify(body)}`);
  return body as T;
}

/** The code of a problem document. */
export function codeOf({ body }: Answer): string | undefined {
  return (body as { readonly code?: string } | undefined)?.code;
}

/** Counts by option, both kinds of receivers together. */
export function totalsOf({ counts }: Pick<ResultsBody, "counts">): Record<string, number> {
  return Object.fromEntries(counts.map(({ option, anonymous, signed }) => [option, anonymous + signed]));
}
