import { beforeAll, describe, expect, test } from "vitest";
import { deriveTokenKeys } from "../../../edge/token.ts";
import { MAX_INSPECTIONS } from "../../../edge/routes/inspect.ts";
import { InspectedNetwork } from "../../support/inspected-network.ts";
import { Harness, problemOf } from "../edge/harness.ts";

let network: InspectedNetwork;

beforeAll(async () => {
  network = await InspectedNetwork.start(["fra"]);
});

test("inspecting is off unless it is configured", async () => {
  const harness = new Harness();
  const response = await harness.ask("GET", "/_inspect/v1/status", { token: network.token() });
  expect(await problemOf(response)).toMatchObject({ status: 404, code: "not_found" });
});

describe("whoever asks without an inspector's token is refused", () => {
  const exp = 4_000_000_000;
  const operator = () => network.keys.operators.sign({ sub: "o", exp, role: "producer", shows: "*" });
  const receiver = () => network.keys.receivers.sign({ sub: "r", exp, role: "receiver", anon: true });
  const foreign = () =>
    deriveTokenKeys(new Uint8Array(32).fill(9)).inspectors.sign({
      sub: "x",
      exp,
      role: "inspector",
      shows: "*",
      receivers: "hashes",
    });
  test.for<[string, () => string, number, string]>([
    ["none at all", () => "", 401, "token_missing"],
    ["a producer's", operator, 403, "forbidden"],
    ["a receiver's", receiver, 403, "forbidden"],
    ["another network's", foreign, 401, "token_invalid"],
    ["an expired one", () => network.token({ exp: 1 }), 401, "token_expired"],
    ["one for another show", () => network.token({ shows: ["other"] }), 403, "forbidden"],
  ])("%s", async ([, token, status, code]) => {
    expect(await problemOf(await network.get("fra", "/_inspect/v1/lag", token()))).toMatchObject({ status, code });
  });

  test("one for some shows does not open what is about all", async () => {
    const token = network.token({ shows: ["final"] });
    expect((await network.get("fra", "/_inspect/v1/lag", token)).status).toBe(200);
    expect((await network.get("fra", "/_inspect/v1/status", token)).status).toBe(403);
  });
});

test("an inspector's token opens nothing else", async () => {
  const response = await network.get("fra", "/v1/shows/final/audit", network.token());
  expect(response.status).toBe(401);
});

describe("what cannot be shown is refused with the reason", () => {
  test.for<[string, number, string, string]>([
    ["lags", 404, "not_found", 'there is no view "lags"'],
    ["toString", 404, "not_found", 'there is no view "toString"'],
    ["lag?show=other", 404, "unknown_show", 'there is no show "other"'],
    ["lag?color=red", 400, "malformed", '"color" is no parameter of this view'],
  ])("%s", async ([path, status, code, detail]) => {
    const problem = await problemOf(await network.get("fra", `/_inspect/v1/${path}`));
    expect(problem).toMatchObject({ status, code });
    expect(problem.detail).toContain(detail);
  });

  test("more than so many views at once", async () => {
    const { app } = network.at("fra");
    const headers = { Authorization: `Bearer ${network.token()}` };
    const asked = Array.from({ length: MAX_INSPECTIONS + 1 }, async () =>
      app!.hono.request("/_inspect/v1/lag", { headers }),
    );
    const statuses = (await network.until(Promise.all(asked))).map(({ status }) => status);
    expect(statuses).toEqual([...Array.from({ length: MAX_INSPECTIONS }, () => 200), 503]);
  });
});

test("methods other than GET are refused", async () => {
  const response = await network.at("fra").app!.hono.request("/_inspect/v1/lag", { method: "POST" });
  expect(response.status).toBe(405);
});
