import { refuse, type Refusal } from "../refusal.ts";

/**
 * Text of a body of at most `limit` bytes; a refusal where it is longer or, as announced, would be. No async function:
 * on the hot path a promise of a promise is worth avoiding.
 */
export function readText(request: Request, limit: number): Promise<string | Refusal> | Refusal {
  const announced = request.headers.get("content-length");
  if (announced === null) return readPiecesAsText(request, limit);
  // A server lets no more than the announced length through, so this need not be counted again.
  return Number(announced) <= limit ? request.text().catch(cutOff) : tooLarge(limit);
}

async function readPiecesAsText(request: Request, limit: number): Promise<string | Refusal> {
  const bytes = await readPieces(request, limit).catch(cutOff);
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : bytes;
}

/** The same for bytes. */
export async function readBytes(request: Request, limit: number): Promise<Uint8Array | Refusal> {
  const announced = request.headers.get("content-length");
  if (announced === null) return readPieces(request, limit).catch(cutOff);
  if (Number(announced) > limit) return tooLarge(limit);
  const bytes = await request.arrayBuffer().catch(cutOff);
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
}

/** Whether a body's media type is JSON, or not told. */
export function refuseOtherThanJson(request: Request): Refusal | undefined {
  const type = request.headers.get("content-type");
  if (type === null || /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return undefined;
  return refuse("unsupported_media_type", `the body is "${type.slice(0, 60)}", wanted application/json`);
}

/** A body whose length nobody announced, read until it ends or is too long. */
async function readPieces(request: Request, limit: number): Promise<Uint8Array | Refusal> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.length;
    if (length > limit) return tooLarge(limit);
    pieces.push(piece);
  }
  return join(pieces, length);
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** The client left in the middle: the world's mistake and not ours, so the log need not hear of it. */
function cutOff(): Refusal {
  return refuse("malformed", "the body ended before its announced length");
}

function tooLarge(limit: number): Refusal {
  return refuse("too_large", `the body is larger than ${limit} bytes`);
}
