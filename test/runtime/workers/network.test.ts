// Regions × objects inside workerd, with the recorder and a real libSQL server: exact counts, through moves and restarts.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { ask, closeShow, edge, json, openShow, producer, REGIONS, until, vote } from "./network.ts";

interface Listed {
  readonly state: string;
  readonly fired: readonly { readonly value: number }[];
}

// Without the server there is no recorder, and nobody declares results.
describe.skipIf(env.LIBSQL_URL === "")("three regions with two objects each", () => {
  test("count every receiver once, wherever it votes and changes its mind", async () => {
    await openShow("exact", 2);
    const receivers = Array.from({ length: 40 }, (_, i) => `tv-${i}`);
    const first = await Promise.all(receivers.map((subject) => vote("exact", subject, "yes", 1)));
    expect(new Set(first.map(({ shard }) => shard))).toEqual(new Set([0, 1]));
    for (const { edge: name, shard } of first) expect(name.endsWith(`-${shard}`)).toBe(true);
    // Every fourth changes its mind, in another region; every second repeats what it has said already.
    await Promise.all(
      receivers.map(async (subject, i) => {
        const elsewhere = `${REGIONS[i % REGIONS.length]!}-${first[i]!.shard}`;
        if (i % 4 === 0) await vote("exact", subject, "no", 2, elsewhere);
        else if (i % 2 === 0) await vote("exact", subject, "yes", 1, elsewhere);
      }),
    );
    expect(await closeShow("exact")).toEqual([30, 10]);
  });

  test("an object that is ended in the middle starts again, and has forgotten nothing", async () => {
    await openShow("restart", 2);
    const before = await Promise.all(Array.from({ length: 20 }, (_, i) => vote("restart", `tv-${i}`, "yes", 1)));
    const [victim] = before.map(({ edge: name }) => name);
    const boot = before[0]!.boot;
    await runInDurableObject(edge(victim!), (_object, ctx) => ctx.abort("killed by a test")).catch(() => {});
    const after = await Promise.all(Array.from({ length: 20 }, (_, i) => vote("restart", `tv-${i + 20}`, "no", 1)));
    const again = await vote("restart", "tv-0", "no", 2, victim);
    expect(again.edge).toBe(victim);
    expect(again.boot).not.toBe(boot);
    expect(after.length).toBe(20);
    expect(await closeShow("restart")).toEqual([19, 21]);
  });

  test("a show with fewer shards than a region has objects is kept by those that have one", async () => {
    await openShow("small", 1);
    const receipts = await Promise.all(Array.from({ length: 6 }, (_, i) => vote("small", `tv-${i}`, "yes", 1)));
    for (const receipt of receipts) expect(receipt.edge.endsWith("-0")).toBe(true);
  });

  test("the recorder's object watches thresholds, and latches each crossing once in the database", async () => {
    await openShow("watched", 2);
    const rule = { kind: "voted", poll: "winner", at_least: 5 };
    const path = "/v1/shows/watched/thresholds";
    const put = await ask("PUT", `${path}/five`, producer, { rule, message: { kind: "text", text: "{count}" } });
    expect(put.status).toBe(200);
    expect((await ask("POST", `${path}/five/arm`, producer)).status).toBe(200);
    const list = () => json<{ thresholds: Listed[] }>(ask("GET", path, producer));
    await until("the threshold to be armed", list, ({ thresholds: [five] }) => five?.state === "armed");
    await Promise.all(Array.from({ length: 7 }, (_, i) => vote("watched", `tv-${i}`, "yes", 1)));
    const fired = await until("its cue", list, ({ thresholds: [five] }) => five?.state === "fired");
    expect(fired.thresholds).toHaveLength(1);
    expect(fired.thresholds[0]!.fired).toHaveLength(1);
    expect(fired.thresholds[0]!.fired[0]!.value).toBeGreaterThanOrEqual(5);
  });

  test("links are those that the shards and regions need", async () => {
    const links = await until(
      "all links of fra-0",
      () => json<{ links: { peer: string; open: boolean }[] }>(ask("GET", "/healthz?member=fra-0", producer)),
      // The order processor sleeps where nothing is sold; a show of another file may sell, for all have one database.
      (health) => health.links.every(({ peer, open }) => open || peer === "orders"),
    );
    expect(links.links.map(({ peer }) => peer).sort()).toEqual(["fra-1", "nyc-0", "orders", "recorder", "syd-0"]);
  });
});
