import type { Cue, CueMessage } from "../cue.ts";

/** What of a cue travels in the video signal: see docs/cue-payload.md. */
export interface Payload {
  readonly show: string;
  /** The first `CUE_CHARS` characters of the cue's id: enough to tell a show's cues apart. */
  readonly cue: string;
  readonly message: CueMessage;
  /** When the threshold fired, milliseconds since 1970. */
  readonly firedAt: number;
  /** How long receivers show it, ms, in tenths of a second. */
  readonly durationMs: number;
}

/** Of the array's layout. Receivers pass over any other. */
export const PAYLOAD_VERSION = 1;
/** 64 bits of the id: with 10,000 cues in a show two are alike once in 10¹¹ shows. */
export const CUE_CHARS = 16;
/**
 * A SCTE 35 section of 183 bytes, one packet, less everything else in it. With it the longest names of show and content
 * fit, with nothing to spare.
 */
export const MAX_PAYLOAD_BYTES = 132;
/** Marks our UPIDs in SCTE 35 and 104, where no other is configured: to be registered with SMPTE. */
export const FORMAT_IDENTIFIER = "RBTN";
/** Longest time that receivers show a cue: five characters as a number of seconds. */
export const MAX_DURATION_MS = 599_900;

const KINDS = { text: "t", content: "c" } as const;
const ELLIPSIS = "…";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The part of a cue that goes into the signal, shortened to what fits. */
export function payloadOf(cue: Cue): Payload {
  const { show, message, firedAt } = cue;
  return fitted({
    show,
    cue: cue.id.slice(0, CUE_CHARS),
    message,
    firedAt,
    durationMs: Math.min(Math.max(100, Math.round(cue.durationMs / 100) * 100), MAX_DURATION_MS),
  });
}

/** `[version, show, cue, kind, text or content, fired at in ms, duration in s]` as JSON in UTF-8. */
export function encodePayload(payload: Payload): Uint8Array {
  const bytes = encoder.encode(payloadText(payload));
  if (bytes.length > MAX_PAYLOAD_BYTES)
    throw new Error(`encoding cue "${payload.cue}": got ${bytes.length} bytes, wanted at most ${MAX_PAYLOAD_BYTES}`);
  return bytes;
}

/** The same before it becomes bytes: what attributes and stream events hold. */
export function payloadText({ show, cue, message, firedAt, durationMs }: Payload): string {
  const value = message.kind === "text" ? message.text : message.content;
  return JSON.stringify([PAYLOAD_VERSION, show, cue, KINDS[message.kind], value, firedAt, durationMs / 1000]);
}

/** The inverse of `encodePayload`; undefined for what is none, or of another version. */
export function decodePayload(bytes: Uint8Array): Payload | undefined {
  if (bytes.length > MAX_PAYLOAD_BYTES) return undefined;
  try {
    return fromArray(JSON.parse(decoder.decode(bytes)));
  } catch {
    return undefined; // No UTF-8, or no JSON: another's data in the same place.
  }
}

function fromArray(value: unknown): Payload | undefined {
  if (!Array.isArray(value)) return undefined;
  const [version, show, cue, kind, content, firedAt, seconds] = value as unknown[];
  if (version !== PAYLOAD_VERSION || typeof show !== "string" || typeof cue !== "string") return undefined;
  if (typeof content !== "string" || typeof firedAt !== "number" || typeof seconds !== "number") return undefined;
  const message = messageOf(kind, content);
  return message && { show, cue, message, firedAt, durationMs: Math.round(seconds * 1000) };
}

function messageOf(kind: unknown, value: string): CueMessage | undefined {
  if (kind === KINDS.text) return { kind: "text", text: value };
  return kind === KINDS.content ? { kind: "content", content: value } : undefined;
}

/** A text that is too long ends with an ellipsis: on air a shortened line is better than none. */
function fitted(payload: Payload): Payload {
  const { message } = payload;
  if (message.kind !== "text" || lengthOf(payload) <= MAX_PAYLOAD_BYTES) return payload;
  const characters = Array.from(message.text);
  for (;;) {
    characters.pop();
    const text = characters.join("").trimEnd() + ELLIPSIS;
    const shorter: Payload = { ...payload, message: { kind: "text", text } };
    if (lengthOf(shorter) <= MAX_PAYLOAD_BYTES || characters.length === 0) return shorter;
  }
}

function lengthOf(payload: Payload): number {
  return encoder.encode(payloadText(payload)).length;
}
