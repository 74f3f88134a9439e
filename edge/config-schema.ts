import * as v from "valibot";
import { EDGE_NAME, MAX_EDGE_NAME_BYTES } from "../crdt/batch.ts";
import { PROCESS_ROLES, ROLES } from "./config.ts";
import { SIGNATURE_ALGORITHMS } from "./jwks.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { KEY_BYTES } from "./secrets.ts";
import { geoSettings, placeSetting } from "./steering/geo.ts";
import { DEFAULT_CAPACITY } from "./steering/load.ts";

const text = (wanted: string) => v.pipe(v.string(wanted), v.minLength(1, wanted));
const port = (() => {
  const wanted = "a port, 1 to 65535";
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(1, wanted), v.maxValue(65_535, wanted));
})();
const memberName = (() => {
  const wanted = `a DNS label in lower case, at most ${MAX_EDGE_NAME_BYTES} characters`;
  return v.pipe(v.string(wanted), v.regex(EDGE_NAME, wanted), v.maxLength(MAX_EDGE_NAME_BYTES, wanted));
})();
const publicKey = v.pipe(
  v.string(`${KEY_BYTES} bytes in hexadecimal`),
  v.regex(/^[0-9a-f]{64}$/, `${KEY_BYTES} bytes in hexadecimal`),
);
const url = (wanted: string, schemes: RegExp) => v.pipe(v.string(wanted), v.regex(schemes, wanted));
const role = v.picklist(ROLES, oneOf(ROLES));
const secretFile = v.strictObject({ file: text("a path") });
const secretEnv = v.strictObject({ env: text("a variable's name") });
const secret = v.union([v.string(), secretFile, secretEnv], `a secret, {"file": PATH} or {"env": NAME}`);
const address = v.strictObject({ host: text("an address to listen on"), port });

/** A member elsewhere, as configurations name it. */
export const peer = v.strictObject({
  name: memberName,
  role,
  key: publicKey,
  address: v.optional(url(`"ws://HOST:PORT/link"`, /^wss?:\/\/\S+\/link$/)),
  linked: v.exactOptional(v.literal(false, "false, or nothing")),
});
const storeUrl = url(
  `"file:PATH", or a libSQL server's "https://…", "http://…" or "libsql://…"`,
  /^(file:.|https?:\/\/.|libsql:\/\/.)/,
);
const store = v.union(
  [storeUrl, v.strictObject({ url: storeUrl, authToken: v.optional(secret), relaxed: v.optional(v.boolean()) })],
  `"file:PATH", or {"url": "https://…", "authToken": {"env": NAME}}`,
);
const algorithm = v.picklist(SIGNATURE_ALGORITHMS, oneOf(SIGNATURE_ALGORITHMS));
const positive = v.pipe(v.number("a number above 0"), v.gtValue(0, "a number above 0"));
const limit = v.strictObject({ burst: v.pipe(positive, v.minValue(1, "1 or more")), perSecond: positive });
const limitEntries = {
  receiversPerAddress: v.optional(limit, DEFAULT_LIMITS.receiversPerAddress),
  receiversPerSubnet: v.optional(limit, DEFAULT_LIMITS.receiversPerSubnet),
  ballotsPerReceiver: v.optional(limit, DEFAULT_LIMITS.ballotsPerReceiver),
  ordersPerReceiver: v.optional(limit, DEFAULT_LIMITS.ordersPerReceiver),
  messagesPerSocket: v.optional(limit, DEFAULT_LIMITS.messagesPerSocket),
  messagesPerReader: v.optional(limit, DEFAULT_LIMITS.messagesPerReader),
} satisfies Record<keyof Limits, unknown>;
const encoderUrl = url(`the encoder's address, "http://HOST:PORT"`, /^[a-z][a-z0-9+-]*:\/\/\S+$/);
const common = {
  $schema: v.optional(v.string()),
  name: memberName,
  region: v.optional(text("a region's name"), "local"),
  peers: v.array(peer, "a list of the other members"),
  store,
  latch: v.optional(store),
  encoder: v.optional(encoderUrl),
  keys: v.strictObject({ private: secret, network: secret }),
  clock: v.optional(v.strictObject({ trusted: v.optional(v.boolean("true or false"), false) }), {}),
  inspect: v.optional(v.boolean("true or false"), false),
};
const edge = v.strictObject({
  ...common,
  role: v.literal("edge"),
  public: v.strictObject({
    ...address.entries,
    address: v.optional(url("an http:// or https:// address", /^https?:\/\/\S+$/)),
  }),
  backbone: address,
  place: v.optional(placeSetting),
  geo: v.optional(geoSettings),
  capacity: v.optional(
    v.strictObject({
      receivers: v.optional(positive, DEFAULT_CAPACITY.receivers),
      ballotsPerS: v.optional(positive, DEFAULT_CAPACITY.ballotsPerS),
    }),
    {},
  ),
  proxies: v.optional(v.array(text("a proxy's IP address")), []),
  jwks: v.optional(
    v.strictObject({
      url: url("an http:// or https:// address", /^https?:\/\/\S+$/),
      issuer: text("an issuer"),
      audience: text("an audience"),
      algorithms: v.optional(v.array(algorithm), [...SIGNATURE_ALGORITHMS]),
    }),
  ),
  limits: v.optional(v.strictObject(limitEntries), {}),
  hls: v.optional(
    v.record(
      text(`a show, or "*"`),
      text("a folder, or an encoder's http:// address"),
      `{"SHOW": "FOLDER or http://…"}`,
    ),
    {},
  ),
  watch: v.optional(v.boolean("true or false"), false),
});
const process = v.strictObject({
  ...common,
  role: v.picklist(PROCESS_ROLES),
  backbone: v.optional(address),
  status: v.optional(address),
  orders: v.optional(
    v.strictObject({
      provider: v.strictObject({
        url: url("the provider's http:// or https:// address", /^https?:\/\/\S+[^/]$/),
        secret,
      }),
      keys: v.pipe(v.array(secret), v.minLength(1, "one envelope key or more, the newest first")),
      books: v.optional(store),
    }),
  ),
});
/** A configuration file as it stands; secrets are references yet. */
export const config = v.variant("role", [edge, process], role.message);
export type FileContents = v.InferOutput<typeof config>;

function oneOf(names: readonly string[]): string {
  return `one of ${names.map((name) => `"${name}"`).join(", ")}`;
}
