import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import type { Page, Pages } from "../../app.ts";

/** The television's page as it stands in the repository. */
const FOLDER = resolve(import.meta.dirname, "../../../receiver/tv");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
};

/** Reads the page's files once; kinds of files that a browser does not take are left out. */
export function readPages(folder = FOLDER): Pages {
  const pages = new Map<string, Page>();
  if (!existsSync(folder)) return pages;
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const type = TYPES[extname(entry)];
    if (type) pages.set(entry.replaceAll("\\", "/"), { type, body: new Uint8Array(readFileSync(join(folder, entry))) });
  }
  return pages;
}
