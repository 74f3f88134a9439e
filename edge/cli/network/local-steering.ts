import type { EdgeWish, PlannedProgram } from "./plan.ts";

/** Ports of the name server and the front on one machine. */
export interface SteeringPorts {
  readonly dns: number;
  readonly dnsStatus: number;
  readonly lb: number;
  readonly lbStatus: number;
}

export const DEFAULT_STEERING_PORTS: SteeringPorts = { dns: 8153, dnsStatus: 9204, lb: 8100, lbStatus: 9205 };
/** Where a hub takes links, if a local network is to have one. */
export const DEFAULT_HUB_PORT = 9105;

/** The zone of a network on one machine; .test is nobody's (RFC 6761, 6.2). */
export const LOCAL_ZONE = "tv.redbutton.test";

/** Networks for documentation (RFC 5737) that stand for three parts of the world. */
const NETWORKS = [
  { network: "192.0.2.0/24", country: "FR" },
  { network: "198.51.100.0/24", country: "US" },
  { network: "203.0.113.0/24", country: "AU" },
];

const HOST = "127.0.0.1";

/** A name server and a front for these edges. They run on Node: it has the datagrams, and an agent for many connections. */
export function localSteering(edges: readonly Required<EdgeWish>[], ports: SteeringPorts): PlannedProgram[] {
  const { dns, dnsStatus, lb, lbStatus } = ports;
  const seeds = edges.map(({ publicHost, ports: own }) => `http://${publicHost}:${own.public}`);
  const common = { seeds, geo: { networks: NETWORKS } };
  const at = (port: number) => ({ host: HOST, port });
  return [
    {
      name: "dns",
      entry: "edge/cli/dns/main.ts",
      runtime: "node",
      secret: false,
      status: `http://${HOST}:${dnsStatus}`,
      config: {
        ...common,
        zone: LOCAL_ZONE,
        listen: [at(dns)],
        nameservers: [{ name: `ns1.${LOCAL_ZONE}`, addresses: [HOST] }],
        metrics: at(dnsStatus),
      },
    },
    {
      name: "lb",
      entry: "edge/cli/lb/main.ts",
      runtime: "node",
      secret: false,
      status: `http://${HOST}:${lbStatus}`,
      config: { ...common, listen: at(lb), status: at(lbStatus) },
    },
  ];
}
