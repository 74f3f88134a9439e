// `npm run bundle`: what `wrangler deploy` would upload, made without uploading it, and small enough to start fast.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { bundleWorker } from "./support/workerd.ts";

/** Gzipped; Cloudflare takes 10 MB, and a new isolate reads all of it. */
const MAX_BUNDLE_BYTES = 500_000;
const BINDINGS = ["EdgeObject", "RecorderObject", "OrdersObject", "env.ASSETS"];

const { file, output } = bundleWorker();
const bytes = gzipSync(readFileSync(file)).length;
const missing = BINDINGS.filter((binding) => !output.includes(binding));
console.log(output);
console.log(`wrangler deploy --dry-run: ${kB(bytes)} gzipped, of ${kB(MAX_BUNDLE_BYTES)} that are allowed`);
if (missing.length > 0) console.log(`FAILED: it has no ${missing.join(", ")}`);
if (bytes > MAX_BUNDLE_BYTES) console.log("FAILED: it is too large");
process.exitCode = missing.length > 0 || bytes > MAX_BUNDLE_BYTES ? 1 : 0;

function kB(count: number): string {
  return `${(count / 1000).toFixed(0)} kB`;
}
