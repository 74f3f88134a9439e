import type { OperatorRole } from "../token.ts";
import { deriveTokenKeys } from "../token.ts";
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
  readonly role: OperatorRole | "inspector";
  readonly name: string;
  /** Comma-separated; every show where none are named. */
  readonly shows?: string;
  readonly days: number;
  /** An inspector's shows receivers by their keyed hashes in the ledger. */
  readonly hashes?: boolean;
}

/** Prints a token for an operator, a reader or an inspector. */
export function mintToken(options: TokenOptions): void {
  const secret = secretOf(options);
  const exp = Math.floor(Date.now() / 1000) + options.days * 86_400;
  const shows = options.shows === undefined ? "*" : options.shows.split(",");
  const keys = deriveTokenKeys(secret);
  const { name: sub, role } = options;
  say(
    role === "inspector"
      ? keys.inspectors.sign({ sub, exp, role, shows, receivers: options.hashes === true ? "hashes" : "pseudonyms" })
      : keys.operators.sign({ sub, exp, role, shows }),
  );
}

function secretOf({ secret, config, dir }: TokenOptions): Uint8Array {
  if (secret !== undefined) return readSecretFile(secret);
  return config === undefined ? openFolder(dir ?? DEFAULT_FOLDER).secret() : readConfigFile(config).keys.network;
}
