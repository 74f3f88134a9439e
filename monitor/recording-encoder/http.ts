import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import type { Cue, CueEncoder } from "../cue.ts";
import type { RecordingEncoder } from "./recording-encoder.ts";

/** How long the encoder may take to write a cue down, ms; after it the cue is sent again. */
export const INJECT_TIMEOUT_MS = 2000;
/** Bytes of a cue in JSON: a line of text of 300 characters, and its names. */
export const MAX_CUE_BYTES = 8192;

const Id = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const Whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const CueBody: v.GenericSchema<unknown, Cue> = v.object({
  id: Id,
  eventId: v.pipe(Whole, v.minValue(1), v.maxValue(0xffff_ffff)),
  show: v.string(),
  threshold: v.string(),
  epoch: Whole,
  message: v.variant("kind", [
    v.object({ kind: v.literal("text"), text: v.string() }),
    v.object({ kind: v.literal("content"), content: v.string() }),
  ]),
  durationMs: Whole,
  firedAt: Whole,
});

/** What whoever sends cues shows the encoder: members of a network know its secret, and nobody else. */
export function encoderToken(networkSecret: Uint8Array): string {
  return bytesToHex(hmac(sha256, networkSecret, utf8ToBytes("redbutton encoder")));
}

/** Answers `POST /cues` once the cue is on disk, `GET /cues` with all of them, and `GET /healthz`. */
export function encoderHandler(encoder: RecordingEncoder, token: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const what = `${request.method} ${new URL(request.url).pathname}`;
    if (what === "GET /healthz") return Response.json({ ok: true, problems: [], cues: encoder.cues().length });
    if (request.headers.get("authorization") !== `Bearer ${token}`) return refusal(401, "wanted the encoder's token");
    if (what === "GET /cues") return Response.json({ cues: encoder.cues(), duplicates: encoder.duplicates });
    if (what === "POST /cues") return take(await request.text(), encoder);
    return refusal(404, "here are POST /cues, GET /cues and GET /healthz");
  };
}

async function take(body: string, encoder: RecordingEncoder): Promise<Response> {
  if (body.length > MAX_CUE_BYTES) return refusal(413, `a cue has at most ${MAX_CUE_BYTES} bytes`);
  const cue = v.safeParse(v.pipe(v.string(), v.parseJson(), CueBody), body);
  if (!cue.success) return refusal(400, `reading the cue: ${cue.issues[0].message}`);
  try {
    await encoder.inject(cue.output);
    return new Response(null, { status: 204 });
  } catch (error) {
    return refusal(503, error instanceof Error ? error.message : String(error));
  }
}

function refusal(status: number, detail: string): Response {
  return Response.json({ detail }, { status });
}

/** A recording encoder at an address. */
export class HttpEncoder implements CueEncoder {
  readonly #address: string;
  readonly #token: string;

  constructor(address: string, token: string) {
    this.#address = address.replace(/\/$/, "");
    this.#token = token;
  }

  async inject(cue: Cue): Promise<void> {
    const response = await fetch(`${this.#address}/cues`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: JSON.stringify(cue),
      signal: AbortSignal.timeout(INJECT_TIMEOUT_MS),
    });
    if (!response.ok)
      throw new Error(`encoder at ${this.#address} answered ${response.status}: ${await response.text()}`);
    await response.body?.cancel();
  }
}
