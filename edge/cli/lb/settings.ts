import * as v from "valibot";
import { parseSettings, steeringEntries } from "../steering/settings.ts";

const port = v.pipe(v.number("a port"), v.integer("a port"), v.minValue(0, "a port"), v.maxValue(65_535, "a port"));
const listener = v.strictObject({ host: v.string("an IP address"), port });

/** `lb.json`. */
const lbSettings = v.strictObject({
  ...steeringEntries,
  /** Where receivers come in, over HTTP: TLS ends before it, or at HAProxy. */
  listen: listener,
  /** Proxies before this one, whose word on a client's address (X-Forwarded-For) is taken. */
  proxies: v.optional(v.array(v.string("a proxy's IP address")), []),
  /** How long requests under way may take when the front stops, ms: a ballot takes some, an upload more. */
  drainMs: v.optional(
    v.pipe(v.number(), v.minValue(0, "0 or more"), v.maxValue(300_000, "at most 300000, five minutes")),
    2000,
  ),
  /** Where /metrics and /healthz are served; nowhere, if left out. */
  status: v.optional(listener),
});
export type LbSettings = v.InferOutput<typeof lbSettings>;

/** Throws `SettingsError` with all that is wrong. */
export function parseLbSettings(text: string, source: string): LbSettings {
  return parseSettings(lbSettings, text, source);
}
