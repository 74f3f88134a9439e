import { describe, expect, test } from "vitest";
import type { NearestBody } from "../../../edge/network-answers.ts";
import { Rate } from "../../../edge/rate.ts";
import { knownEdges, type KnownEdge } from "../../../edge/roster.ts";
import { settle } from "../../support/world.ts";
import { Harness, problemOf } from "./harness.ts";

const shards = { demo: [0] };
const NYC: KnownEdge = {
  edge: "nyc",
  boot: "b2",
  region: "us",
  address: "http://nyc.test",
  place: { latitude: 40.7, longitude: -74 },
  state: "live",
  shards,
  since: 1,
};
const PAR: KnownEdge = { ...NYC, edge: "par", address: "http://par.test", place: { latitude: 48.9, longitude: 2.4 } };

async function nearest(harness: Harness, query = ""): Promise<NearestBody> {
  const response = await harness.ask("GET", `/v1/edges/nearest${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as NearestBody;
}

const names = ({ edges }: NearestBody) => edges.map(({ edge }) => edge);

describe("a receiver that asks for its nearest edges", () => {
  test("is given three, from pages of any origin, with distance and reason", async () => {
    const harness = new Harness();
    const sao = { ...NYC, edge: "sao", place: { latitude: -23.5, longitude: -46.6 } };
    harness.edge.others = [NYC, PAR, sao];
    const response = await harness.ask("GET", "/v1/edges/nearest?country=fr");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const body = (await response.json()) as NearestBody;
    expect(names(body)).toEqual(["par", "nyc", "sao"]);
    expect(body).toMatchObject({ policy: "nearest", pool: "healthy", left_out: [] });
    expect(body.edges[0]).toMatchObject({ address: "http://par.test", reason: "256 km away", distance_km: 256 });
  });

  test("goes by what its address tells before what it says itself", async () => {
    const harness = new Harness({ locate: () => ({ latitude: 40, longitude: -75 }) });
    harness.edge.others = [NYC, PAR];
    expect(names(await nearest(harness, "?country=FR"))[0]).toBe("nyc");
  });

  test("is not sent to edges that drain, or whose link is closed while nothing else is known", async () => {
    const harness = new Harness();
    harness.edge.others = [{ ...NYC, state: "draining" }, PAR];
    harness.edge.closedLinks.add("par");
    const body = await nearest(harness, "?country=FR");
    expect(names(body)).toEqual(["fra"]);
    expect(body.left_out).toEqual([
      { edge: "nyc", reason: "draining" },
      { edge: "par", reason: "down" },
    ]);
  });

  test("is sent where its shard is kept", async () => {
    const harness = new Harness();
    harness.edge.others = [{ ...NYC, shards: { demo: [1] } }, PAR];
    expect(names(await nearest(harness, "?country=FR&show=demo&shard=1"))).toContain("nyc");
    expect(names(await nearest(harness, "?country=FR&show=demo&shard=1"))).not.toContain("par");
  });

  test.for(["?country=Germany", "?country=QQ", "?shard=first"])("is told what is wrong with %s", async (query) => {
    expect(await problemOf(await new Harness().ask("GET", `/v1/edges/nearest${query}`))).toMatchObject({ status: 400 });
  });

  test("hears what the neighbours say of themselves once they were asked", async () => {
    const asked: string[] = [];
    const harness = new Harness({
      probe: async (address) => {
        asked.push(address);
        const load = { receivers: 99, ballotsPerS: 0, capacity: { receivers: 100, ballotsPerS: 100 } };
        return { edge: address === PAR.address ? "par" : "nyc", ready: true, draining: false, load };
      },
    });
    harness.edge.others = [NYC, PAR];
    harness.edge.closedLinks.add("par");
    expect(names(await nearest(harness, "?country=FR"))).not.toContain("par");
    await settle();
    expect(asked.toSorted()).toEqual([NYC.address, PAR.address]);
    // Full, so behind those that are not, but no longer down: receivers come in by HTTP, and there it answers.
    const body = await nearest(harness, "?country=FR");
    expect(body.edges.find(({ edge }) => edge === "par")!.reason).toBe("full, 256 km away");
  });
});

test("GET /v1/edges lists every edge that is known", async () => {
  const harness = new Harness();
  harness.edge.others = [NYC];
  const { edges } = (await (await harness.ask("GET", "/v1/edges")).json()) as { edges: KnownEdge[] };
  expect(edges.map(({ edge }) => edge)).toEqual(["fra", "nyc"]);
  expect(edges[1]).toEqual(NYC);
});

describe("the roster of all shows", () => {
  const own: KnownEdge = { ...NYC, edge: "fra", boot: "b1", shards: {} };
  const entry = ({ shards: _, ...rest }: KnownEdge, more: object = {}) => ({
    ...rest,
    shards: [0],
    lost: false,
    ...more,
  });

  test("names each edge once, by its newest boot, with its shards by show", () => {
    const old = entry(NYC, { boot: "b0", since: 0, address: "http://old.test" });
    const edges = knownEdges(own, [
      { show: "a", roster: [entry(NYC), old, entry(own, { address: "stale" })] },
      { show: "b", roster: [old, entry(NYC, { shards: [1, 2] })] },
    ]);
    expect(edges).toEqual([own, { ...NYC, shards: { a: [0], b: [1, 2] } }]);
  });

  test("leaves out an edge whose newest boot was drained", () => {
    const drained = { ...entry(NYC), state: "drained" as const };
    expect(knownEdges(own, [{ show: "a", roster: [drained] }])).toEqual([own]);
    const next = entry(NYC, { boot: "b3", since: 5 });
    expect(knownEdges(own, [{ show: "a", roster: [drained, next] }])[1]).toMatchObject({ boot: "b3", state: "live" });
  });

  test("leaves out an edge whose newest boot is named lost, and takes it back with the next", () => {
    const lost = entry(NYC, { lost: true });
    expect(knownEdges(own, [{ show: "a", roster: [lost] }])).toEqual([own]);
    const next = entry(NYC, { boot: "b3", since: 5 });
    expect(knownEdges(own, [{ show: "a", roster: [lost, next] }])[1]).toMatchObject({ boot: "b3" });
  });
});

describe("a rate", () => {
  test("comes to what is constant, falls to nothing, and survives a clock that is set back", () => {
    const rate = new Rate();
    let total = 0;
    for (let now = 0; now < 20_000; now += 100) rate.sample((total += 50), now);
    expect(rate.perSecond).toBeCloseTo(500, 0);
    rate.sample(total, 5_000);
    expect(rate.perSecond).toBeCloseTo(500, 0);
    for (let now = 5_000; now < 25_000; now += 100) rate.sample(total, now);
    expect(rate.perSecond).toBeLessThan(1);
  });
});
