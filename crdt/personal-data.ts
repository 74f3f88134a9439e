import { utf8ToBytes } from "@noble/hashes/utils.js";

/** What only the order processor, and the provider that it asks, may know of an order: it travels in an envelope. */
export interface PersonalData {
  /** Whose order it is: the subject that the broadcaster vouches for, by the edge's word and not by the receiver's. */
  readonly account: string;
  /** What the viewer entered: name, address and the like. */
  readonly details: Readonly<Record<string, string>>;
  /** The household's, where the product is confirmed with it. */
  readonly pin?: string;
}

/** Bytes of an account as JSON: an issuer's address and 255 characters of a subject (OpenID Connect Core, 2). */
export const MAX_ACCOUNT_BYTES = 320;
/** Bytes of the details as JSON. With the longest account and PIN they fit an envelope. */
export const MAX_DETAILS_BYTES = 560;
/** A household's PIN: 4 digits on most sets, up to 8 with some providers. */
export const PIN_FORM = /^[0-9]{4,8}$/;

export function packPersonalData({ account, details, pin }: PersonalData): Uint8Array {
  return utf8ToBytes(JSON.stringify({ account, details, ...(pin === undefined ? {} : { pin }) }));
}

/** The inverse of `packPersonalData`: of what one of our own edges wrote, as the envelope's tag has shown. */
export function readPersonalData(bytes: Uint8Array): PersonalData {
  return JSON.parse(new TextDecoder().decode(bytes)) as PersonalData;
}

/** Bytes that a text, or a record of them, takes as JSON. */
export function jsonBytes(value: string | Readonly<Record<string, string>>): number {
  return utf8ToBytes(JSON.stringify(value)).length;
}
