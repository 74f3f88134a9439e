import { createHash } from "node:crypto";

/** Bytes of a picture: it stands on the board, and every edge keeps it in memory. */
export const MAX_PICTURE_BYTES = 256 * 1024;

/** Raster formats that televisions show. No SVG: that is a program. */
export const PICTURE_TYPES = ["image/png", "image/jpeg", "image/webp"] as const;
export type PictureType = (typeof PICTURE_TYPES)[number];

/** What a picture's first bytes say it is, whatever it was called. */
export function pictureType(bytes: Uint8Array): PictureType | undefined {
  return PICTURE_TYPES.find((type) => hasMagic(bytes, MAGIC[type]));
}

/** A picture's name: 64 hexadecimal digits of SHA-256 of its bytes. */
export function pictureHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export const PICTURE_HASH = /^[0-9a-f]{64}$/;

/** First bytes of each format; undefined where any byte may stand. */
const MAGIC: Readonly<Record<PictureType, readonly (number | undefined)[]>> = {
  "image/png": [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  "image/jpeg": [0xff, 0xd8, 0xff],
  // "RIFF", four bytes of length, "WEBP"
  "image/webp": [0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45, 0x42, 0x50],
};

function hasMagic(bytes: Uint8Array, magic: readonly (number | undefined)[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => byte === undefined || bytes[i] === byte);
}
