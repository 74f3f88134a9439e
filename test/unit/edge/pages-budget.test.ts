// What a page may weigh on its way to a receiver, gzipped.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readManifest } from "../../../edge/cli/pages/build.ts";
import { readPages } from "../../../edge/runtime/host/pages.ts";

const pages = readPages();
const manifest = readManifest();

/** Bytes: a television on a slow line shows the red button within a second. Console and graphics have more time. */
const BUDGETS = { tv: 25_000, console: 90_000, graphics: 40_000, inspect: 60_000 } as const;

function gzipped(path: string): number {
  return gzipSync(pages.get(path.replace(/^\//, ""))!.body).length;
}

test.for(Object.keys(BUDGETS) as (keyof typeof BUDGETS)[])("%s stays within its budget", (root) => {
  const { script, style } = manifest.pages[root];
  const bytes = gzipped(`${root}/index.html`) + gzipped(script) + gzipped(style);
  expect(bytes).toBeLessThan(BUDGETS[root]);
});

test("the player is loaded by itself, and only where there is a picture", () => {
  expect(gzipped(manifest.player)).toBeLessThan(130_000);
  expect(String(pages.get("tv/index.html")!.body)).not.toContain(`src="${manifest.player}"`);
});
