import { deriveTokenKeys, type OperatorRole, type TokenKeys } from "../token.ts";
import { readConfigFile } from "../runtime/host/config-file.ts";
import { DEFAULT_FOLDER, openFolder } from "./network/folder.ts";
import { say } from "./output.ts";
import { readSecretFile } from "./secret.ts";

export interface TokenOptions {
  readonly dir?: string;
  /** A member's configuration, where there is no folder. */
  readonly config?: string;
  /** A file with the network's secret. */
  readonly secret?: string;
  readonly role: OperatorRole | "inspector" | "receiver";
  readonly name: string;
  /** Comma-separated; every show where none are named. */
  readonly shows?: string;
  readonly days: number;
  /** An inspector's shows receivers by their keyed hashes in the ledger. */
  readonly hashes?: boolean;
}

/** Prints a token for an operator, a reader, an inspector, or a receiver that the network itself vouches for. */
export function mintToken(options: TokenOptions): void {
  const secret = secretOf(options);
  const exp = Math.floor(Date.now() / 1000) + options.days * 86_400;
  say(signed(deriveTokenKeys(secret), exp, options));
}

function signed(keys: TokenKeys, exp: number, { name: sub, role, hashes, ...options }: TokenOptions): string {
  const shows = options.shows === undefined ? "*" : options.shows.split(",");
  switch (role) {
    case "receiver":
      return keys.receivers.sign({ sub, exp, role, anon: false });
    case "inspector":
      return keys.inspectors.sign({ sub, exp, role, shows, receivers: hashes === true ? "hashes" : "pseudonyms" });
    default:
      return keys.operators.sign({ sub, exp, role, shows });
  }
}

function secretOf({ secret, config, dir }: TokenOptions): Uint8Array {
  if (secret !== undefined) return readSecretFile(secret);
  return config === undefined ? openFolder(dir ?? DEFAULT_FOLDER).secret() : readConfigFile(config).keys.network;
}
