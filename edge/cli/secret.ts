import { readFileSync } from "node:fs";
import { hexToBytes } from "@noble/hashes/utils.js";
import { KEY_BYTES, keyProblem } from "../secrets.ts";
import { UserError } from "./user-error.ts";

/** The network's secret from a file that holds nothing else, or names it as wrangler's .dev.vars does. */
export function readSecretFile(path: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`reading the network's secret: ${error instanceof Error ? error.message : String(error)}`);
  }
  const value = (/^\s*NETWORK_SECRET\s*=\s*"?([^"\n]*)"?/m.exec(text)?.[1] ?? text).trim();
  const problem = keyProblem(value);
  if (problem === undefined) return hexToBytes(value);
  throw new UserError(
    `reading the network's secret in "${path}": got ${problem}, wanted ${KEY_BYTES} bytes in hexadecimal, bare or as NETWORK_SECRET=`,
  );
}
