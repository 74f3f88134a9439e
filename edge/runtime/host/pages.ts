import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import type { Page, Pages } from "../../app.ts";

/** Where the build puts the pages that people use: television, console, graphics. */
export const BUILT_PAGES = resolve(import.meta.dirname, "../../../dist/pages");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** Reads the pages' files once; kinds of files that a browser does not take are left out. */
export function readPages(folder = BUILT_PAGES): Pages {
  const pages = new Map<string, Page>();
  if (!existsSync(folder)) return pages;
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const type = TYPES[extname(entry)];
    if (type) pages.set(entry.replaceAll("\\", "/"), { type, body: new Uint8Array(readFileSync(join(folder, entry))) });
  }
  return pages;
}
