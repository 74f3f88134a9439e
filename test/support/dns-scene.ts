// A zone with three edges, and a responder for it, in a world that a test winds by hand.
import { Figures } from "../../edge/cli/steering/figures.ts";
import { Responder, type DnsScene, type ResponderOptions } from "../../edge/cli/dns/responder.ts";
import { parseNetwork } from "../../edge/steering/address.ts";
import { Cookies } from "../../edge/steering/dns/cookie.ts";
import type { DnsEdge, Zone } from "../../edge/steering/dns/zone.ts";
import { locatorOf } from "../../edge/steering/locator.ts";
import { Networks } from "../../edge/steering/networks.ts";
import { policyNamed } from "../../edge/steering/policy.ts";
import { SeededRandom } from "./virtual-world.ts";
import { ManualWorld } from "./world.ts";

export const ZONE = "tv.example.org";

function edge(name: string, latitude: number, longitude: number, more: Partial<DnsEdge> = {}): DnsEdge {
  const number = { fra: 1, nyc: 2, syd: 3 }[name]!;
  return {
    edge: name,
    region: name,
    address: `https://${name}.example.org`,
    place: { latitude, longitude },
    admin: "up",
    health: "up",
    v4: [`192.0.2.${number}`],
    v6: [`2001:db8::${number}`],
    shows: { final: [0, 1] },
    ...more,
  };
}

export const FRA = edge("fra", 50.11, 8.68);
export const NYC = edge("nyc", 40.71, -74.01, { v6: [], shows: { final: [0] } });
export const SYD = edge("syd", -33.87, 151.21, { shows: {} });

export const PLACES = new Networks([
  [parseNetwork("198.51.100.0/24")!, { latitude: 48.9, longitude: 2.4 }],
  [parseNetwork("198.51.101.0/24")!, { latitude: 39.9, longitude: -98.8 }],
  [parseNetwork("2001:db8:61::/48")!, { latitude: -25.6, longitude: 134.2 }],
  [parseNetwork("10.0.0.0/8")!, { latitude: 39.9, longitude: -98.8 }],
]);

export function zoneWith(edges: readonly DnsEdge[], more: Partial<Zone> = {}): Zone {
  return {
    name: ZONE,
    nameservers: [
      { name: `ns1.${ZONE}`, v4: ["192.0.2.53"], v6: ["2001:db8::53"] },
      { name: "ns2.example.net", v4: [], v6: [] },
    ],
    contact: "hostmaster.example.org",
    ttlS: 10,
    serial: 1,
    policy: policyNamed("nearest"),
    edges,
    ...more,
  };
}

/** A responder whose scene and clock a test may change. */
export function dnsScene(more: Partial<ResponderOptions> = {}) {
  const world = new ManualWorld();
  const figures = new Figures("redbutton_dns");
  const chance = new SeededRandom(3);
  const scene: { current: DnsScene } = {
    current: { zone: zoneWith([FRA, NYC, SYD]), locate: locatorOf(PLACES) },
  };
  const responder = new Responder({
    scene: () => scene.current,
    cookies: new Cookies(new Uint8Array(32).fill(9)),
    answersPerNetwork: { burst: 1e9, perSecond: 1e9 },
    clock: world.clock,
    draw: () => chance.next(),
    figures,
    ...more,
  });
  return { world, figures, scene, responder };
}
