// `redbutton demo`, the first line of acceptance, with a smaller audience.
import { afterEach, expect, test } from "vitest";
import { endAll, redbutton } from "../support/processes.ts";

afterEach(endAll);

test("the demo ends with everything equal, and leaves nothing behind", async () => {
  const demo = redbutton(["demo", "--receivers", "4000"]);
  expect(await demo.exited, demo.output()).toBe(0);
  expect(demo.output()).toContain("the audience's books, every edge, every log and the database say the same");
  expect(demo.output()).toMatch(/is in the transport stream \S+ m?s after the crossing, as mux\.js reads it/);
  expect(demo.output()).toContain("and in the HLS that edge nyc serves, as m3u8-parser reads it");
  expect(demo.output()).toMatch(/fra \(pid \d+\) was ended by kill -9, and is live again/);
});
