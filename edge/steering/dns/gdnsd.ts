import { distanceKm, type Place } from "../place.ts";
import type { PolicyName } from "../policy.ts";
import type { DnsEdge, Nameserver } from "./zone.ts";

// The same zone for gdnsd (3.8): its whole configuration, and the file that its plugin "extfile" reads health from. What
// gdnsd cannot do by itself, load, is left out: its order is that of distance, weight or the operator.

export interface GdnsdWish {
  readonly zone: string;
  readonly nameservers: readonly Nameserver[];
  readonly contact: string;
  readonly ttlS: number;
  readonly serial: number;
  readonly policy: PolicyName;
  /** For the policy "failover". */
  readonly order: readonly string[];
  readonly edges: readonly DnsEdge[];
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  /** Database in MaxMind's city format, absolute. */
  readonly mmdb?: string;
  readonly networks: readonly { readonly network: string; readonly place: Place }[];
  /** Folder that everything is written to, absolute. */
  readonly folder: string;
}

export interface GdnsdFile {
  readonly path: string;
  readonly text: string;
}

/** Edges that a list of nearest ones names: three may fail at once, and every longer list costs scope (gdnsd's manual). */
const LISTED_EDGES = 4;
/** The health file's name in the folder. */
export const HEALTH_FILE = "health";

/** gdnsd's configuration, all but the health file. Names of its resources are the zone's own, with dots as underscores. */
export function gdnsdFiles(wish: GdnsdWish): GdnsdFile[] {
  const resources = resourcesOf(wish);
  return [
    { path: "config", text: configText(wish, resources) },
    { path: `zones/${wish.zone}`, text: zoneText(wish, resources) },
  ];
}

/**
 * Each address with its state. An edge that drains is down for gdnsd as long as another one is not; where all are down
 * gdnsd answers as if all were up, as we do.
 */
export function gdnsdHealth(edges: readonly DnsEdge[]): string {
  const isUp = ({ health, admin }: DnsEdge) => health === "up" && admin === "up";
  const nobody = !edges.some(isUp);
  const states = edges.flatMap((edge) => {
    const up = nobody ? edge.health === "up" && edge.admin !== "down" : isUp(edge);
    return [...edge.v4, ...edge.v6].map((address) => `"${address}" => ${up ? "UP" : "DOWN"}\n`);
  });
  return states.toSorted().join("");
}

/** A steered name and the edges that it may give. */
interface Resource {
  readonly name: string;
  /** Relative to the zone. */
  readonly label: string;
  readonly edges: readonly DnsEdge[];
}

function resourcesOf({ edges }: GdnsdWish): Resource[] {
  const shows = [...new Set(edges.flatMap((edge) => Object.keys(edge.shows)))].toSorted();
  const ofShows = shows.flatMap((show) => {
    const keeping = edges.filter((edge) => Object.hasOwn(edge.shows, show));
    const shards = [...new Set(keeping.flatMap((edge) => edge.shows[show]!))].toSorted((a, b) => a - b);
    const ofShards = shards.map((shard) => ({
      label: `${shard}.${show}.show`,
      edges: keeping.filter((edge) => edge.shows[show]!.includes(shard)),
    }));
    return [{ label: `${show}.show`, edges: keeping }, ...ofShards];
  });
  return [{ label: "@", edges }, ...ofShows].map((each) => ({
    ...each,
    name: each.label === "@" ? "apex" : each.label.replaceAll(".", "_"),
  }));
}

function configText(wish: GdnsdWish, resources: readonly Resource[]): string {
  const listen = wish.listen.map(({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`));
  const plugins = isByPlace(wish) ? geoipText(wish, resources) : weightedText(resources);
  return `options => {
  listen => [ ${listen.map(quoted).join(", ")} ]
  run_dir => ${quoted(`${wish.folder}/run`)}
  state_dir => ${quoted(`${wish.folder}/state`)}
}
service_types => {
  redbutton => { plugin => extfile, file => ${quoted(`${wish.folder}/${HEALTH_FILE}`)}, direct => true, interval => 2 }
}
plugins => {
${plugins}}
`;
}

/** Whether gdnsd goes through a list of edges, rather than drawing one. */
function isByPlace({ policy }: GdnsdWish): boolean {
  return policy === "nearest" || policy === "failover";
}

/** gdnsd wants a map to have the same edges as its resources: one map each. */
function geoipText(wish: GdnsdWish, resources: readonly Resource[]): string {
  const maps = resources.map((resource) => mapText(wish, resource)).join("");
  const entries = resources.map(
    ({ name, edges }) => `      ${name} => { map => ${name}, service_types => redbutton, dcmap => {
${edges.map((edge) => `        ${edge.edge} => { ${addressesText(edge)} }\n`).join("")}      } }
`,
  );
  return `  geoip => {\n    maps => {\n${maps}    }\n    resources => {\n${entries.join("")}    }\n  }\n`;
}

function mapText(wish: GdnsdWish, { name, edges }: Resource): string {
  const lines = [`datacenters => [ ${inOrder(wish, edges).join(", ")} ]`];
  if (wish.policy === "nearest") lines.push(...placesText(wish, edges));
  return `      ${name} => {\n${lines.map((line) => `        ${line}\n`).join("")}      }\n`;
}

function placesText({ mmdb, networks }: GdnsdWish, edges: readonly DnsEdge[]): string[] {
  const coords = edges.flatMap(({ edge, place }) =>
    place ? [`${edge} => [ ${place.latitude}, ${place.longitude} ]`] : [],
  );
  const nets = networks.map(
    ({ network, place }) => `${quoted(network)} => [ ${nearestNames(edges, place).join(", ")} ]`,
  );
  return [
    ...(mmdb === undefined ? [] : [`geoip2_db => ${quoted(mmdb)}`]),
    ...(mmdb === undefined ? [] : [`auto_dc_coords => { ${coords.join(", ")} }`, `auto_dc_limit => ${LISTED_EDGES}`]),
    ...(nets.length === 0 ? [] : [`nets => { ${nets.join(", ")} }`]),
  ];
}

function weightedText(resources: readonly Resource[]): string {
  const entries = resources.map(({ name, edges }) => {
    const of = (family: "v4" | "v6") =>
      edges.flatMap((edge) =>
        edge[family].map((address, i) => `${edge.edge}${i} => [ ${address}, ${weightOf(edge)} ]`),
      );
    const parts = (["v4", "v6"] as const).flatMap((family) =>
      of(family).length === 0 ? [] : [`addrs_${family} => { ${of(family).join(", ")} }`],
    );
    return `    ${name} => { service_types => redbutton, ${parts.join(", ")} }\n`;
  });
  return `  weighted => {\n${entries.join("")}  }\n`;
}

/** By size: how free an edge is changes by the second, and gdnsd's weights do not. */
function weightOf({ load }: DnsEdge): number {
  return load ? Math.min(1_048_575, Math.max(1, Math.round(load.capacity.ballotsPerS))) : 10_000;
}

function addressesText({ v4, v6 }: DnsEdge): string {
  const list = (addresses: readonly string[]) =>
    addresses.map((address, i) => `a${i} => ${quoted(address)}`).join(", ");
  const parts = [
    ...(v4.length === 0 ? [] : [`addrs_v4 => { ${list(v4)} }`]),
    ...(v6.length === 0 ? [] : [`addrs_v6 => { ${list(v6)} }`]),
  ];
  return parts.join(", ");
}

function inOrder({ policy, order }: GdnsdWish, edges: readonly DnsEdge[]): string[] {
  const names = edges.map(({ edge }) => edge);
  if (policy !== "failover") return names;
  const known = order.filter((name) => names.includes(name));
  return [...known, ...names.filter((name) => !known.includes(name)).toSorted()];
}

function nearestNames(edges: readonly DnsEdge[], place: Place): string[] {
  const km = (edge: DnsEdge) => (edge.place ? distanceKm(edge.place, place) : Infinity);
  return edges
    .toSorted((a, b) => km(a) - km(b))
    .slice(0, LISTED_EDGES)
    .map(({ edge }) => edge);
}

function zoneText(wish: GdnsdWish, resources: readonly Resource[]): string {
  const { zone, nameservers, contact, ttlS, serial, edges } = wish;
  const plugin = isByPlace(wish) ? "geoip" : "weighted";
  const mname = nameservers[0]?.name ?? zone;
  const within = nameservers.filter(({ name }) => name.endsWith(`.${zone}`));
  const lines = [
    `@ ${ttlS} SOA ${mname}. ${contact}. ( ${serial} 3600 600 604800 ${ttlS} )`,
    ...nameservers.map(({ name }) => `@ 3600 NS ${name}.`),
    ...within.flatMap(({ name, v4, v6 }) => hostLines(`${name}.`, 3600, v4, v6)),
    ...resources.map(({ label, name }) => `${label} ${ttlS} DYNA ${plugin}!${name}`),
    ...edges.flatMap(({ edge, v4, v6 }) => hostLines(`${edge}.edge`, ttlS, v4, v6)),
  ];
  return `${lines.join("\n")}\n`;
}

function hostLines(name: string, ttl: number, v4: readonly string[], v6: readonly string[]): string[] {
  return [
    ...v4.map((address) => `${name} ${ttl} A ${address}`),
    ...v6.map((address) => `${name} ${ttl} AAAA ${address}`),
  ];
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
