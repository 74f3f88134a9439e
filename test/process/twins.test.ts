// Two programs under one edge's name: an alarm, and both count.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { EdgeClient, totalsOf } from "../support/edge-client.ts";
import { MemberProcess } from "../support/member-process.ts";
import { expectFinal } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const SHOW = "twins";

let cluster: Cluster;
let twin: MemberProcess;
let twinAddress: string;

beforeAll(async () => {
  // The twin listens where "spare" would.
  cluster = await Cluster.start({ edges: ["fra", "nyc"], absent: ["spare"] });
  const { config, address } = cluster.folder.edges.find(({ name }) => name === "spare")!;
  const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const fra = read(cluster.folder.edges[0]!.config);
  const { public: listener, backbone } = read(config);
  const path = join(cluster.folder.path, "twin.json");
  writeFileSync(path, JSON.stringify({ ...fra, public: listener, backbone, store: "file:twin.db" }));
  twin = new MemberProcess("twin", path, "deno");
  twinAddress = address;
  await cluster.open(aShow(SHOW));
});
afterAll(async () => {
  await twin?.kill();
  await cluster?.end();
});

test("both admit, both count, and everyone says that there are two", async () => {
  const crowd = new Crowd(cluster, SHOW, "best");
  twin.start();
  const other = new EdgeClient(twinAddress, cluster.operatorToken("producer"));
  await soon(async () => expect(await other.get("/readyz")).toMatchObject({ status: 200 }));
  await each(receivers(60, "viewer"), (name, i) =>
    crowd.vote(name, OPTIONS[i % 3]!, { at: [["fra", "spare", "nyc"][i % 3]!] }),
  );
  expect(new Set(crowd.receipts.map(({ edge, boot }) => `${edge}/${boot}`)).size).toBe(3);
  expect(new Set(crowd.receipts.map(({ edge }) => edge))).toEqual(new Set(["fra", "nyc"]));
  // A changed mind, made at the other program under the same name.
  await each(
    receivers(60, "viewer").filter((_, i) => i % 6 === 0),
    (name) => crowd.vote(name, "blue", { at: ["spare"] }),
  );
  for (const client of [cluster.producer("fra"), cluster.producer("nyc"), other])
    await soon(async () => {
      expect(totalsOf(await client.results(SHOW, "best"))).toEqual(crowd.expected());
    });
  await soon(async () => {
    const { body } = await cluster.client("nyc").get("/healthz");
    expect(body).toMatchObject({ alarms: [expect.stringContaining('"fra"')] });
  });
  expect(cluster.member("nyc").logged("two programs run under one name")).toMatchObject([
    { level: "error", fields: { peer: "fra" } },
  ]);

  await cluster.producer("nyc").command(SHOW, "best", "close");
  const final = await expectFinal(cluster, SHOW, "best", crowd.expected());
  expect(Object.keys(final.cut).filter((chain) => chain.startsWith("0/fra/"))).toHaveLength(2);
  expect(await twin.stop()).toBe(0);
});
