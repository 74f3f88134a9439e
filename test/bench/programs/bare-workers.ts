// What Cloudflare's runtime alone costs: Hono hands a ballot's request to a Durable Object, which verifies its token,
// parses it and answers. It keeps nothing.
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import type { TokenKey } from "../../../edge/token.ts";
import { bareAnswer } from "../support/bare.ts";
import { receiverKey } from "../support/tokens.ts";

interface Bindings {
  readonly EDGES: DurableObjectNamespace;
  readonly NETWORK_SECRET: string;
}

export class EdgeObject extends DurableObject<Bindings> {
  readonly #key: TokenKey;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#key = receiverKey(env.NETWORK_SECRET);
  }

  override async fetch(request: Request): Promise<Response> {
    const { status, text } = bareAnswer(this.#key, request.headers.get("authorization"), await request.text());
    return new Response(text, { status, headers: { "Content-Type": "application/json" } });
  }
}

/** Only so that the same configuration fits. */
export class RecorderObject extends DurableObject<Bindings> {}

const app = new Hono<{ Bindings: Bindings }>();
app.get("/healthz", (c) => c.json({}));
app.post("/v1/shows/:show/polls/:poll/ballots", (c) => {
  const { EDGES } = c.env;
  return EDGES.get(EDGES.idFromName("one-0")).fetch(c.req.raw);
});

export default app;
