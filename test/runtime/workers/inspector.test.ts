// The inspector in objects: off unless it is configured, for its own tokens only, and every object answers over its links.
import { hexToBytes } from "@noble/hashes/utils.js";
import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { Report } from "../../../crdt/inspect/report.ts";
import type { LagData } from "../../../crdt/inspect/view/lag.ts";
import type { StatusData } from "../../../crdt/inspect/view/status.ts";
import type { WhyData } from "../../../crdt/inspect/view/why.ts";
import manifest from "../../../package.json" with { type: "json" };
import { doorOf } from "../../../edge/runtime/workers/door.ts";
import { deriveTokenKeys } from "../../../edge/token.ts";
import { EDGES, ask, openShow, orders, producer, receiverToken, until, vote } from "./network.ts";

const exp = Math.floor(Date.now() / 1000) + 3600;
const claims = { sub: "engineer", exp, role: "inspector", shows: "*", receivers: "pseudonyms" } as const;
const engineer = deriveTokenKeys(hexToBytes(env.NETWORK_SECRET!)).inspectors.sign(claims);

async function look<T>(view: string): Promise<Report & { data: T }> {
  const response = await ask("GET", `/_inspect/v1/${view}`, engineer);
  if (!response.ok) throw new Error(`asking for "${view}": ${response.status} ${await response.text()}`);
  return response.json();
}

/** The view, once everybody has answered and it is as wanted. */
function seen<T>(view: string, isWanted: (data: T) => boolean = () => true) {
  return until(
    `"${view}" of everybody`,
    () => look<T>(view),
    ({ members, data }) => members.every(({ answered }) => answered) && isWanted(data),
  );
}

test("opens to an inspector's token alone", async () => {
  for (const token of [undefined, producer, receiverToken("tv-0")])
    expect([401, 403]).toContain((await ask("GET", "/_inspect/v1/status", token)).status);
  expect((await ask("GET", "/v1/shows", engineer)).status).not.toBe(200);
});

test("is not there where it is not configured, nor is its page", async () => {
  let asked = 0;
  const fetch = async () => ((asked += 1), new Response("page"));
  const connect = () => {
    throw new Error("nobody connects to pages");
  };
  const pages: Fetcher = { fetch, connect };
  const pageAt = async (INSPECT: string) => {
    const door = doorOf({ ...env, INSPECT, ASSETS: pages });
    if (door instanceof Response) throw new Error(await door.text());
    return (await door.fetch(new Request("http://redbutton.test/inspect/"), createExecutionContext())).status;
  };
  expect(await pageAt("off")).toBe(404);
  expect(asked).toBe(0);
  expect(await pageAt("on")).toBe(200);
});

// Without the server there is no recorder, and nothing can be recorded.
describe.skipIf(env.LIBSQL_URL === "")("every object answers", () => {
  test("with what it holds, two steps away as well; and a ballot's way is told to the database", async () => {
    await openShow("looked", 2);
    const receipt = await vote("looked", "tv-1", "yes", 1);
    // Nothing is sold, so nobody else wakes it.
    await orders().need();
    const names = [...EDGES, "orders", "recorder"].sort();
    const status = await seen<StatusData>("status");
    expect(status.members.map(({ name }) => name).sort()).toEqual(names);
    expect(status.messages.filter(({ severity }) => severity === "error")).toEqual([]);
    for (const { facts } of status.data.members)
      expect(facts).toMatchObject({ build: manifest.version, runtime: "workers" });
    const lag = await seen<LagData>("lag?show=looked", ({ cells }) =>
      cells.filter(({ document }) => document === "looked/board").every(({ state }) => state === "equal"),
    );
    const boards = lag.data.cells.filter(({ document }) => document === "looked/board");
    expect(new Set(boards.map(({ lacking }) => lacking))).toEqual(new Set(names));
    const why = await seen<WhyData>(`why?receipt=${receipt.code}`, ({ ballots }) =>
      ["recorded", "counted"].every((step) =>
        ballots[0]?.stages.some(({ name, state }) => name === step && state === "done"),
      ),
    );
    expect(why.data.ballots).toMatchObject([{ show: "looked", poll: "winner", option: "yes" }]);
  });
});
