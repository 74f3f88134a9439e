import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type HlsSource, type HlsSources, KeptHls } from "../../hls.ts";

/** How long an encoder may take to send a file, ms. */
const TIMEOUT_MS = 3000;

/** What a configuration says of pictures: show → a folder, or the address of an encoder that serves them. */
export function hlsSources(config: Readonly<Record<string, string>>, now: () => number): HlsSources {
  return new Map(Object.entries(config).map(([show, from]) => [show, new KeptHls(sourceOf(from), now)]));
}

function sourceOf(from: string): HlsSource {
  return /^https?:\/\//.test(from)
    ? { read: (file) => readUpstream(from, file) }
    : { read: (file) => readFolder(from, file) };
}

async function readFolder(folder: string, file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(join(folder, file)));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function readUpstream(address: string, file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const response = await fetch(`${address.replace(/\/$/, "")}/${file}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  throw new Error(`asking the encoder at ${address} for "${file}": it answered ${response.status}`);
}
