import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import type { BuildOptions } from "esbuild";
import { ASSET_HEADERS, ASSETS, pageHeaders, type PageRoot } from "../../routes/page-headers.ts";
import { BUILT_PAGES } from "../../runtime/host/pages.ts";
import { ROOT } from "../supervise/program.ts";

/** What stands beside the built pages, for whoever serves them and to tell whether they are out of date. */
export interface Manifest {
  /** Page → the addresses of what it loads. */
  readonly pages: Readonly<Record<PageRoot, { readonly script: string; readonly style: string }>>;
  /** hls.js: loaded only where a browser has no player of its own. */
  readonly player: string;
  /** Sources, relative to the repository: a newer one makes the build stale. */
  readonly inputs: readonly string[];
}

interface PageSource {
  /** The page itself; `{script}`, `{style}` and `{player}` stand for addresses. */
  readonly page: string;
  readonly script: string;
  readonly options: BuildOptions;
}

/** Televisions of 2012 run ES5; esbuild refuses what it cannot express in it. */
const SOURCES: Readonly<Record<PageRoot, PageSource>> = {
  tv: { page: "receiver/tv/page.html", script: "receiver/tv/main.ts", options: { target: "es5", format: "iife" } },
  console: {
    page: "edge/console/page.html",
    script: "edge/console/main.tsx",
    options: { target: "es2022", format: "esm", jsx: "automatic", jsxImportSource: "preact" },
  },
  inspect: {
    page: "edge/inspector/page.html",
    script: "edge/inspector/main.tsx",
    options: { target: "es2022", format: "esm", jsx: "automatic", jsxImportSource: "preact" },
  },
  graphics: {
    page: "edge/graphics/page.html",
    script: "edge/graphics/main.ts",
    options: { target: "es2020", format: "iife" },
  },
};
const PLAYER = "node_modules/hls.js/dist/hls.light.min.js";
const MANIFEST = "manifest.json";
/** Whatever may be imported by a page; a file that is new here changes no known input. */
const SOURCE_FOLDERS = "{receiver,edge/console,edge/graphics,edge/inspector,edge/widgets}/**/*";

/** Builds the pages where a source is newer than what was built. Two that do so at once make the same. */
export async function buildPages({ force = false } = {}): Promise<void> {
  if (!force && !isStale()) return;
  const began = performance.now();
  mkdirSync(dirname(BUILT_PAGES), { recursive: true });
  const folder = mkdtempSync(join(dirname(BUILT_PAGES), "pages-"));
  try {
    const manifest = await build(folder);
    writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
    chmodSync(folder, 0o755);
    putInPlace(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  console.error(`built the pages in ${Math.round(performance.now() - began)} ms: ${sizes().join(", ")}`);
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(BUILT_PAGES, MANIFEST), "utf8")) as Manifest;
}

/** `tv 21.3 kB`: scripts and styles of each page, gzipped. */
function sizes(): string[] {
  return Object.entries(readManifest().pages).map(([page, { script, style }]) => {
    const bytes = [script, style].map((path) => gzipSync(readFileSync(join(BUILT_PAGES, path))).length);
    return `${page} ${((bytes[0]! + bytes[1]!) / 1000).toFixed(1)} kB`;
  });
}

function isStale(): boolean {
  const manifest = join(BUILT_PAGES, MANIFEST);
  if (!existsSync(manifest)) return true;
  const built = statSync(manifest).mtimeMs;
  const sources = [...readManifest().inputs, ...globSync(SOURCE_FOLDERS, { cwd: ROOT }), "package-lock.json"];
  // What is gone was perhaps renamed.
  return sources.some((path) => !existsSync(join(ROOT, path)) || changedAt(path) > built);
}

function changedAt(path: string): number {
  return statSync(join(ROOT, path)).mtimeMs;
}

/** Swaps the folders. Where another build was quicker, its pages are as good. */
function putInPlace(folder: string): void {
  const old = `${folder}-old`;
  if (existsSync(BUILT_PAGES)) renameSync(BUILT_PAGES, old);
  try {
    renameSync(folder, BUILT_PAGES);
  } catch (error) {
    if (!existsSync(BUILT_PAGES)) throw error;
    rmSync(folder, { recursive: true });
  }
  rmSync(old, { recursive: true, force: true });
}

async function build(folder: string): Promise<Manifest> {
  mkdirSync(join(folder, ASSETS));
  const player = `/${copyHashed(folder, PLAYER, "hls")}`;
  const built = await Promise.all(
    (Object.keys(SOURCES) as PageRoot[]).map(async (root) => ({ root, ...(await buildPage(folder, root, player)) })),
  );
  writeFileSync(join(folder, "_headers"), headersFile());
  const pages = Object.fromEntries(built.map(({ root, script, style }) => [root, { script, style }]));
  const inputs = new Set([import.meta.filename, PLAYER, ...built.flatMap((page) => page.inputs)].map(fromRoot));
  return { pages: pages as Manifest["pages"], player, inputs: [...inputs].toSorted() };
}

async function buildPage(folder: string, root: PageRoot, player: string) {
  // Loaded here, so that a network whose pages are built starts without it.
  const { build: bundle } = await import("esbuild");
  const { page, script, options } = SOURCES[root];
  const result = await bundle({
    ...options,
    absWorkingDir: ROOT,
    entryPoints: { [root]: script },
    entryNames: `${ASSETS}/[name]-[hash]`,
    outdir: folder,
    bundle: true,
    minify: true,
    metafile: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const outputs = Object.keys(result.metafile.outputs).map((path) => relative(folder, join(ROOT, path)));
  const one = (extension: string) => `/${outputs.find((path) => extname(path) === extension)}`;
  const addresses = { script: one(".js"), style: one(".css"), player };
  const html = readFileSync(join(ROOT, page), "utf8").replaceAll(
    /\{(script|style|player)\}/g,
    (_, name: keyof typeof addresses) => addresses[name],
  );
  mkdirSync(join(folder, root));
  writeFileSync(join(folder, root, "index.html"), html);
  return { ...addresses, inputs: [page, ...Object.keys(result.metafile.inputs)] };
}

function copyHashed(folder: string, source: string, name: string): string {
  const bytes = readFileSync(join(ROOT, source));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  const path = `${ASSETS}/${name}-${hash}${extname(source)}`;
  writeFileSync(join(folder, path), bytes);
  return path;
}

/** The same headers as the routes', for a host that serves the folder by itself (Cloudflare's static assets). */
function headersFile(): string {
  const block = (path: string, headers: Readonly<Record<string, string>>) =>
    [path, ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)].join("\n");
  const roots = Object.keys(SOURCES) as PageRoot[];
  const blocks = roots.map((root) => block(`/${root}/*`, pageHeaders(root)));
  return `${[...blocks, block(`/${ASSETS}/*`, ASSET_HEADERS)].join("\n\n")}\n`;
}

function fromRoot(path: string): string {
  return relative(ROOT, join(path.startsWith("/") ? "" : ROOT, path));
}

if (import.meta.main) await buildPages({ force: true });
