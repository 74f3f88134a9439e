import { hexToBytes } from "@noble/hashes/utils.js";

/** A secret stands in the file itself, in a file of its own, or in the environment. */
export type SecretReference = string | { readonly file: string } | { readonly env: string };
type ElsewhereSecret = Exclude<SecretReference, string>;

/** Reads a secret that stands elsewhere; throws with the reason where it cannot. */
export interface SecretReader {
  (reference: ElsewhereSecret): string;
}

export const KEY_BYTES = 32;
/** With fewer different bytes, 32 of them are a default or a joke: of 10¹⁵ random keys one at most is like that. */
const LEAST_DIFFERENT_BYTES = 16;

/** Reads secrets and gathers what is wrong with them. A secret's value never enters a message. */
export class Secrets {
  readonly problems: string[] = [];
  readonly #read: SecretReader;

  constructor(read: SecretReader) {
    this.#read = read;
  }

  text(path: string, reference: SecretReference): string {
    try {
      const value = typeof reference === "string" ? reference : this.#read(reference).trim();
      if (value === "") this.problems.push(`${path}: got nothing, wanted a secret`);
      return value;
    } catch (error) {
      this.problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      return "";
    }
  }

  /** Of any length, in hexadecimal. */
  bytes(path: string, reference: SecretReference): Uint8Array {
    const value = this.text(path, reference);
    if (/^([0-9a-f]{2})*$/i.test(value)) return hexToBytes(value.toLowerCase());
    this.problems.push(`${path}: got ${value.length} characters that are not hexadecimal, wanted a key`);
    return new Uint8Array();
  }

  key(path: string, reference: SecretReference): Uint8Array {
    const before = this.problems.length;
    const value = this.text(path, reference);
    if (this.problems.length > before) return new Uint8Array(KEY_BYTES);
    const problem = keyProblem(value);
    if (problem === undefined) return hexToBytes(value);
    this.problems.push(
      `${path}: got ${problem}, wanted ${KEY_BYTES} random bytes in hexadecimal (\`redbutton keys\` makes them)`,
    );
    return new Uint8Array(KEY_BYTES);
  }
}

/** What is wrong with a key in hexadecimal; undefined where nothing is. Says nothing of its digits. */
export function keyProblem(value: string): string | undefined {
  if (!/^([0-9a-f]{2})*$/i.test(value)) return `${value.length} characters that are not hexadecimal`;
  if (value.length !== KEY_BYTES * 2) return `${value.length / 2} bytes`;
  const different = new Set(hexToBytes(value)).size;
  return different < LEAST_DIFFERENT_BYTES ? "a default" : undefined;
}
