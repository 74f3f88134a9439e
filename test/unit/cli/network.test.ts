import { expect, test } from "vitest";
import { parseConfig } from "../../../edge/parse-config.ts";
import { parseDnsSettings } from "../../../edge/cli/dns/settings.ts";
import { parseLbSettings } from "../../../edge/cli/lb/settings.ts";
import { localEdges } from "../../../edge/cli/network/local-edges.ts";
import { DEFAULT_STEERING_PORTS, localSteering } from "../../../edge/cli/network/local-steering.ts";
import { DEFAULT_PORTS, parseEdges, planNetwork, RECORDER } from "../../../edge/cli/network/plan.ts";
import { restartDelay, RESTART_MS } from "../../../edge/cli/supervise/backoff.ts";
import { isWhole, statusLine, type EdgeHealth, type NetworkStatus } from "../../../edge/cli/supervise/status.ts";

test("edges are read from a list, with the backbone on a host of its own where one is named", () => {
  expect(parseEdges("fra=203.0.113.7/10.0.0.1, nyc=nyc.example")).toEqual([
    { name: "fra", region: "fra", publicHost: "203.0.113.7", backboneHost: "10.0.0.1" },
    { name: "nyc", region: "nyc", publicHost: "nyc.example", backboneHost: "nyc.example" },
  ]);
  expect(() => parseEdges("FRA=h")).toThrow('"FRA=h"');
  expect(() => parseEdges("fra")).toThrow("NAME=HOST");
  expect(() => parseEdges("fra=a,fra=b")).toThrow('"fra" twice');
});

test("a planned network's files pass their own check, and every member knows every other", () => {
  const edges = parseEdges("fra=10.0.0.1,nyc=10.0.0.1,syd=::1");
  const plan = planNetwork({ edges, processes: [RECORDER], ports: DEFAULT_PORTS });
  const configs = [...plan.edges, ...plan.processes].map(({ name, config }) =>
    parseConfig(JSON.stringify(config), name, () => ""),
  );
  expect(configs.map(({ name, peers }) => [name, peers.map((peer) => peer.name)])).toEqual([
    ["fra", ["nyc", "syd", "recorder"]],
    ["nyc", ["fra", "syd", "recorder"]],
    ["syd", ["fra", "nyc", "recorder"]],
    ["recorder", ["fra", "nyc", "syd"]],
  ]);
  expect(plan.edges.map(({ address }) => address)).toEqual([
    "http://10.0.0.1:8101",
    "http://10.0.0.1:8102",
    "http://[::1]:8101",
  ]);
  expect(new Set(configs.map(({ keys }) => keys.network.join())).size).toBe(1);
  expect(new Set(configs.map(({ keys }) => keys.private.join())).size).toBe(4);
});

test("restarts wait longer after each fall, up to a limit, never all alike", () => {
  expect([1, 2, 3, 4].map((falls) => restartDelay(falls, 0))).toEqual([500, 1000, 2000, 4000]);
  expect(restartDelay(50, 0)).toBe(RESTART_MS.longest);
  expect(restartDelay(1, 1)).toBe(375);
});

const edge = (name: string) => ({ name, region: name, address: `http://${name}`, config: "" });
const well: EdgeHealth = {
  ready: true,
  reasons: [],
  links: [{ peer: "recorder", open: true }],
  shows: [{ id: "s", ready: true, lag_ms: { nyc: 12 } }],
};

test("a status is one line that names who is missing", () => {
  const status: NetworkStatus = {
    edges: [
      { edge: edge("fra"), health: well },
      { edge: edge("nyc"), health: undefined },
    ],
    processes: [
      { name: "recorder", ok: true, problems: [] },
      { name: "watcher", ok: false, problems: ["the database is away"] },
    ],
  };
  expect(statusLine(status)).toBe(
    "fra, nyc: 1 of 2 live (without nyc), lag 12 ms · recorder ok · watcher the database is away",
  );
  expect(isWhole(status)).toBe(false);
  expect(isWhole({ processes: [], edges: [{ edge: edge("fra"), health: well }] })).toBe(true);
});

test("a watcher inside an edge is named where it is not well", () => {
  const withWatcher = (watcher: EdgeHealth["watcher"] & object): NetworkStatus => ({
    processes: [],
    edges: [{ edge: edge("fra"), health: { ...well, watcher } }],
  });
  const failing = withWatcher({ ok: false, problems: ["latching cues failed"] });
  expect(statusLine(failing)).toBe("fra: 1 of 1 live, lag 12 ms · watcher in fra latching cues failed");
  expect([failing, withWatcher({ ok: true, problems: [] })].map(isWhole)).toEqual([false, true]);
});

test("with a hub everyone is linked with it and with nobody else, and knows everyone's key", () => {
  const edges = parseEdges("fra=10.0.0.1,nyc=10.0.0.2");
  const hub = { host: "10.0.0.9", backbone: 9105 };
  const plan = planNetwork({ edges, processes: [RECORDER], ports: DEFAULT_PORTS, hub });
  const configs = [...plan.edges, ...plan.processes].map(({ name, config }) =>
    parseConfig(JSON.stringify(config), name, () => ""),
  );
  const linked = configs.map(({ name, peers }) => [
    name,
    peers.filter((peer) => peer.linked !== false).map((peer) => peer.name),
  ]);
  expect(Object.fromEntries(linked)).toEqual({
    fra: ["hub"],
    nyc: ["hub"],
    hub: ["fra", "nyc", "recorder"],
    recorder: ["hub"],
  });
  for (const { peers } of configs) expect(peers).toHaveLength(3);
});

test("a local network's name server and front get settings that pass their own check, and no secret", () => {
  const edges = localEdges(DEFAULT_PORTS, "linux");
  expect(edges.map(({ publicHost, ports }) => `${publicHost}:${ports.public}`)).toEqual([
    "127.0.0.1:8101",
    "127.0.0.2:8101",
    "127.0.0.3:8101",
  ]);
  expect(localEdges(DEFAULT_PORTS, "darwin").map(({ ports }) => ports.public)).toEqual([8101, 8102, 8103]);
  const programs = localSteering(edges, DEFAULT_STEERING_PORTS);
  const [dns, lb] = planNetwork({ edges, programs, ports: DEFAULT_PORTS }).programs.map(({ config }) => config);
  expect(parseDnsSettings(JSON.stringify(dns), "dns.json")).toMatchObject({ zone: "tv.redbutton.test", ttl: 10 });
  expect(parseLbSettings(JSON.stringify(lb), "lb.json").seeds).toHaveLength(3);
  expect(dns).not.toHaveProperty("keys");
});
