import type { EdgeObject } from "./edge-object.ts";
import type { ProcessObject } from "./process-object.ts";

/** The bindings of wrangler.toml. `readSettings` makes values of the texts. */
export interface Env {
  readonly EDGES: DurableObjectNamespace<EdgeObject>;
  readonly RECORDER: DurableObjectNamespace<ProcessObject>;
  /** The built pages; a Worker under test may have none. */
  readonly ASSETS?: Fetcher;
  readonly REGIONS?: string;
  readonly OBJECTS?: string;
  readonly POLICY?: string;
  readonly ADDRESS?: string;
  readonly REGION?: string;
  readonly THRESHOLDS?: string;
  readonly INSPECT?: string;
  readonly PEERS?: string;
  readonly JWKS?: string;
  readonly LIBSQL_URL?: string;
  readonly ENCODER_URL?: string;
  readonly LIBSQL_RELAXED?: string;
  /** Secrets. */
  readonly NETWORK_SECRET?: string;
  readonly LIBSQL_AUTH_TOKEN?: string;
}
