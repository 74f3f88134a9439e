// A poll as JSON for graphics systems.
import { describe, expect, test } from "vitest";
import { Harness, problemOf } from "./harness.ts";

const PATH = "/v1/shows/demo/polls/secret/graphics";

async function voted() {
  const harness = new Harness();
  await harness.open("secret");
  for (const [i, option] of ["yes", "no", "no"].entries())
    await harness.vote("secret", { option, press: 1 }, harness.receiver(`tv-${i}`));
  return harness;
}

describe("a poll for graphics systems", () => {
  test("is worked out: counts, shares and ranks, hidden ones included", async () => {
    const harness = await voted();
    const response = await harness.ask("GET", PATH, { token: harness.operator("reader") });
    expect(await response.json()).toEqual({
      show: "demo",
      title: "Demo",
      rehearsal: false,
      poll: "secret",
      question: "Well?",
      state: "open",
      final: false,
      opens_at: harness.world.time,
      time: harness.world.time,
      total: 3,
      options: [
        { option: "yes", letter: "A", text: "Yes", count: 1, percent: 33.3, rank: 2 },
        { option: "no", letter: "B", text: "No", count: 2, percent: 66.7, rank: 1 },
      ],
    });
    expect(response.headers.get("cache-control")).toContain("no-store");
  });

  test("comes by a token in the address as well, since graphics systems send no headers", async () => {
    const harness = await voted();
    const response = await harness.ask("GET", `${PATH}?token=${harness.operator("reader")}`);
    expect(response.status).toBe(200);
  });

  test("gives equal counts the same rank, and nobody a share of nothing", async () => {
    const harness = new Harness();
    const response = await harness.ask("GET", PATH, { token: harness.operator("reader") });
    const { options } = (await response.json()) as { options: { percent: number; rank: number }[] };
    expect(options.map(({ percent, rank }) => [percent, rank])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test.for([
    ["nobody", undefined, 401],
    ["a receiver", "receiver", 403],
  ] as const)("is not for %s", async ([, who, status]) => {
    const harness = await voted();
    const token = who && harness.receiver();
    expect(await problemOf(await harness.ask("GET", PATH, { token }))).toMatchObject({ status });
  });
});
