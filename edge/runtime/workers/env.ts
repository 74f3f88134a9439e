/**
 * What a deployment is told: what wrangler.toml has, as `npm run types:wrangler` reads it, and what may stand there, too.
 * Another wrangler.toml may leave texts out; `readSettings` makes values of them, and says which are missing.
 */
export interface Env extends Objects, Partial<Omit<Cloudflare.Env, keyof Objects>> {
  readonly REGION?: string;
  readonly THRESHOLDS?: string;
  readonly PEERS?: string;
  readonly JWKS?: string;
  readonly ENCODER_URL?: string;
  readonly LIBSQL_RELAXED?: string;
  readonly PROVIDER_URL?: string;
  /** Secrets. */
  readonly LIBSQL_AUTH_TOKEN?: string;
  readonly PROVIDER_SECRET?: string;
  readonly ENVELOPE_KEYS?: string;
}

type Objects = Pick<Cloudflare.Env, "EDGES" | "RECORDER" | "ORDERS">;
