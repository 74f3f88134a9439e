import { readReport, type Probe } from "./report.ts";

/** An edge that takes longer than this for /healthz hangs, ms. */
export const PROBE_TIMEOUT_MS = 1000;
/** Bytes of /healthz that are read: some 100 B a peer and show. */
export const MAX_HEALTH_BYTES = 1024 * 1024;

/** Asks over HTTP. */
export const httpProbe: Probe = async (address) => {
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const response = await fetch(`${address}/healthz`, { signal, redirect: "error" });
  const text = await readAtMost(response, MAX_HEALTH_BYTES);
  if (response.status !== 200) throw new Error(`got ${response.status} from /healthz`);
  return readReport(JSON.parse(text));
};

/** The body as text; rejects beyond `limit` bytes, where an endless one would fill the memory. */
export async function readAtMost(response: Response, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > limit) throw new Error(`got more than ${limit} bytes from "${response.url}"`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
