// The recorder on a real libSQL server, which is killed and comes back: ballots go on, and everything is recorded after.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { Proxy } from "../support/proxy.ts";
import { expectEverywhere, expectFinal, expectRecorded, readDatabase } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { findSqld, startSqld, type Sqld } from "../support/sqld.ts";
import { soon } from "../support/soon.ts";

const SHOW = "served";
const found = findSqld();
const why = "missing" in found ? ` (${found.missing})` : "";

const folder = mkdtempSync(join(tmpdir(), "redbutton-sqld-"));
let server: Sqld;
/** Gives the server, which takes a new port each time, an address that stays. */
let proxy: Proxy;
let cluster: Cluster;

beforeAll(async () => {
  if (why) return;
  server = await startSqld(folder);
  proxy = await Proxy.listen(portOf(server));
  cluster = await Cluster.start({ edges: ["fra", "nyc"], recorder: `http://127.0.0.1:${proxy.port}` });
  await cluster.open(aShow(SHOW));
});
afterAll(async () => {
  await cluster?.end();
  await proxy?.close();
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const portOf = ({ url }: Sqld) => Number(new URL(url).port);
const unpruned = () => cluster.producer("fra").metric("show_unpruned_batches");

test.skipIf(why)(`a server that is killed under load and comes back has every batch in the end${why}`, async () => {
  const crowd = new Crowd(cluster, SHOW, "best");
  const vote = (name: string, i: number) => crowd.vote(name, OPTIONS[i % 3]!, { at: [cluster.edges[i % 2]!] });
  await each(receivers(100, "before"), vote);
  const load = each(receivers(200, "during"), vote, 4);
  await server.kill();
  await load;
  expect(crowd.refusals).toEqual({});
  await expectEverywhere(cluster, SHOW, "best", crowd.expected());
  expect(await unpruned()).toBeGreaterThan(0);

  server = await startSqld(folder);
  proxy.target = portOf(server);
  await soon(async () => expect(await unpruned()).toBe(0));
  await each(receivers(50, "after"), vote);
  await cluster.producer("nyc").command(SHOW, "best", "close");
  await expectFinal(cluster, SHOW, "best", crowd.expected());
  await expectRecorded(
    await readDatabase(server.url, SHOW),
    await cluster.producer("fra").show(SHOW),
    "best",
    crowd.expected(),
  );
});

test.skipIf(why)(
  `a recorder that starts while its server is away ends with the reason, for its supervisor to try again${why}`,
  async () => {
    expect(await cluster.recorder.stop()).toBe(0);
    await server.kill();
    cluster.recorder.start();
    expect(await cluster.recorder.ended).toBe(1);
    expect(cluster.recorder.output.at(-1)).toMatch(/starting "recorder": opening "http:\/\/127\.0\.0\.1:\d+"/);
    server = await startSqld(folder);
    proxy.target = portOf(server);
    await cluster.revive("recorder");
  },
);
