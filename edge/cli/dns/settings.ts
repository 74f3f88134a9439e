import * as v from "valibot";
import { parseAddress } from "../../steering/address.ts";
import type { DnsEdge, Nameserver, Zone } from "../../steering/dns/zone.ts";
import { parseSettings, policyOf, steeringEntries } from "../steering/settings.ts";

const NAME = /^(?=.{1,200}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const domainName = v.pipe(
  v.string("a domain name in lower case, without the last dot"),
  v.regex(NAME, "a domain name in lower case, without the last dot"),
);
const port = v.pipe(v.number("a port"), v.integer("a port"), v.minValue(0, "a port"), v.maxValue(65_535, "a port"));
const listener = v.strictObject({ host: v.string("an IP address"), port });
const ipAddress = v.pipe(
  v.string("an IP address"),
  v.check((text) => parseAddress(text) !== undefined, "an IP address"),
);
const positive = v.pipe(v.number("a number above 0"), v.gtValue(0, "a number above 0"));

/** `dns.json`. */
const dnsSettings = v.strictObject({
  ...steeringEntries,
  zone: domainName,
  /** Where to listen, over UDP and TCP. */
  listen: v.pipe(v.array(listener), v.minLength(1, "one address at least")),
  /** The zone's own nameservers, this server among them. */
  nameservers: v.pipe(
    v.array(v.strictObject({ name: domainName, addresses: v.optional(v.array(ipAddress), []) })),
    v.minLength(1, "one nameserver at least"),
  ),
  /** Mailbox as a name: hostmaster.example.org. */
  contact: v.optional(domainName),
  /** Seconds that an answer may be kept. */
  ttl: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1, "1 or more"), v.maxValue(3600, "at most 3600")), 10),
  /** Answers over UDP to a /24 or /48 whose senders prove nothing: a resolver of a city asks some hundred times a second. */
  answersPerNetwork: v.optional(v.strictObject({ burst: positive, perSecond: positive }), {
    burst: 2000,
    perSecond: 1000,
  }),
  /** Where /metrics is served; nowhere, if left out. */
  metrics: v.optional(listener),
  /** Whether the log says why an answer was given: of all, of some 10 a second, of none. */
  explain: v.optional(v.picklist(["all", "some", "none"], `"all", "some" or "none"`), "some"),
});
export type DnsSettings = v.InferOutput<typeof dnsSettings>;

/** Throws `SettingsError` with all that is wrong. */
export function parseDnsSettings(text: string, source: string): DnsSettings {
  return parseSettings(dnsSettings, text, source);
}

/** The zone as it is now. `serial`: grows with each reload. */
export function zoneOf(settings: DnsSettings, edges: readonly DnsEdge[], serial: number): Zone {
  const { zone: name, nameservers, contact, ttl } = settings;
  return {
    name,
    nameservers: nameservers.map(nameserverOf),
    contact: contact ?? `hostmaster.${name}`,
    ttlS: ttl,
    serial,
    policy: policyOf(settings, "nearest"),
    edges,
  };
}

function nameserverOf({ name, addresses }: DnsSettings["nameservers"][number]): Nameserver {
  return {
    name,
    v4: addresses.filter((address) => !address.includes(":")),
    v6: addresses.filter((address) => address.includes(":")),
  };
}
