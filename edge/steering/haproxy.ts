import { parseAddress } from "./address.ts";
import type { Candidate } from "./candidate.ts";
import { DEFAULT_THRESHOLDS } from "./health.ts";
import { distanceKm, type Place } from "./place.ts";
import type { PolicyName } from "./policy.ts";

/** What HAProxy is to be configured for. */
export interface HaproxyWish {
  readonly listen: { readonly host: string; readonly port: number };
  readonly policy: PolicyName;
  /** For the policy "failover". */
  readonly order: readonly string[];
  readonly edges: readonly Candidate[];
  /** For the policy "nearest": HAProxy reads no database of places. */
  readonly networks: readonly { readonly network: string; readonly place: Place }[];
  readonly checkEveryMs: number;
  /** Where its statistics are served, if anywhere. */
  readonly stats?: { readonly host: string; readonly port: number };
}

/**
 * A configuration for HAProxy 2.6 or later with the same policies. Load is HAProxy's own: its two random choices compare
 * connections, which it counts itself and no edge can lie about.
 */
export function haproxyConfig(wish: HaproxyWish): string {
  return [DEFAULTS, frontend(wish), backend(wish, "edges"), failOpen(wish), ...nearBackends(wish), stats(wish)]
    .filter((part) => part !== "")
    .join("\n");
}

/** Only what never reached an edge is repeated; a tunnel may be silent for as long as edges ping. */
const DEFAULTS = `defaults
    mode http
    option redispatch
    option http-keep-alive
    retries 2
    retry-on conn-failure
    timeout connect 1s
    timeout client 65s
    timeout server 5s
    timeout http-request 10s
    timeout tunnel 1h
`;

function frontend(wish: HaproxyWish): string {
  const near = nearRules(wish).map((line) => `    ${line}\n`);
  return `frontend receivers
    bind ${addressOf(wish.listen)}
    option forwardfor
    http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    use_backend fail_open if { nbsrv(edges) eq 0 }
${near.join("")}    default_backend edges
`;
}

/** A backend for each edge that is nearest to some network; where that edge is down, all others stand behind it. */
function nearRules(wish: HaproxyWish): string[] {
  return [...nearestOf(wish)].map(([edge, networks]) => `use_backend near_${edge} if { src ${networks.join(" ")} }`);
}

function nearBackends(wish: HaproxyWish): string[] {
  return [...nearestOf(wish).keys()].map((edge) => backend(wish, `near_${edge}`, edge));
}

function nearestOf({ policy, networks, edges }: HaproxyWish): Map<string, string[]> {
  const nearest = new Map<string, string[]>();
  const placed = edges.filter(({ place, admin }) => place !== undefined && admin === "up");
  if (policy !== "nearest" || placed.length === 0) return nearest;
  for (const { network, place } of networks) {
    const [first] = placed.toSorted((a, b) => distanceKm(a.place!, place) - distanceKm(b.place!, place));
    nearest.set(first!.edge, [...(nearest.get(first!.edge) ?? []), network]);
  }
  return nearest;
}

/** `first`: the edge that all go to while it is up. */
function backend(wish: HaproxyWish, name: string, first?: string): string {
  const servers = inOrder(wish, first).map(({ edge, backup }) => `    ${serverLine(edge, backup)}\n`);
  const { up, down } = DEFAULT_THRESHOLDS;
  return `backend ${name}
    balance ${balanceOf(wish.policy)}
    option httpchk GET /readyz
    http-check expect status 200
    default-server check inter ${wish.checkEveryMs}ms fall ${down} rise ${up}
${servers.join("")}`;
}

/** Checks that fail everywhere say more about the checker than about the edges. */
function failOpen(wish: HaproxyWish): string {
  const servers = wish.edges
    .filter(({ admin }) => admin !== "down")
    .map((edge) => `    server ${edge.edge} ${hostOf(edge)}${tlsOf(edge)}\n`);
  return `backend fail_open\n    balance ${balanceOf(wish.policy)}\n${servers.join("")}`;
}

function inOrder({ policy, order, edges }: HaproxyWish, first: string | undefined) {
  if (first !== undefined) return edges.map((edge) => ({ edge, backup: edge.edge !== first }));
  if (policy !== "failover") return edges.map((edge) => ({ edge, backup: false }));
  const rank = ({ edge }: Candidate) => (order.includes(edge) ? order.indexOf(edge) : order.length);
  return edges.toSorted((a, b) => rank(a) - rank(b)).map((edge, i) => ({ edge, backup: i > 0 }));
}

/** A server of weight 0 keeps those it has and gets nobody new. */
function serverLine(edge: Candidate, backup: boolean): string {
  const state = { up: "", draining: " weight 0", down: " disabled" }[edge.admin];
  return `server ${edge.edge} ${hostOf(edge)}${tlsOf(edge)}${state}${backup ? " backup" : ""}`;
}

/** The certificate has to be for the edge's address, whatever name the receiver asked for. */
function tlsOf({ address }: Candidate): string {
  const { protocol, hostname } = new URL(address);
  if (protocol !== "https:") return "";
  const verified = " ssl verify required ca-file @system-ca check-ssl";
  if (parseAddress(hostname)) return verified;
  return `${verified} sni str(${hostname}) check-sni ${hostname} verifyhost ${hostname}`;
}

function balanceOf(policy: PolicyName): string {
  switch (policy) {
    case "round-robin":
      return "roundrobin";
    case "random":
      return "random(1)";
    case "nearest":
    case "free":
    case "two-choices":
    case "failover":
      return "random(2)";
  }
}

function stats({ stats: at }: HaproxyWish): string {
  if (!at) return "";
  return `frontend statistics
    bind ${addressOf(at)}
    http-request use-service prometheus-exporter if { path /metrics }
    stats enable
    stats uri /
`;
}

function hostOf({ address }: Candidate): string {
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}

function addressOf({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
