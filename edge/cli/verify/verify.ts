import { deriveTokenKeys } from "../../token.ts";
import type { StoreConfig } from "../../config.ts";
import type { Books } from "../audience/books.ts";
import { UserError } from "../user-error.ts";
import { verifyCues, type CueReport } from "./cues.ts";
import { EdgeReader } from "./edge-reader.ts";
import { isFine, type PollReport } from "./poll-report.ts";
import { settled } from "./settled.ts";
import { verifyOnce, type Sources } from "./round.ts";

export interface VerifyEdge {
  readonly name: string;
  readonly address: string;
  /** Its log, where this machine might reach it. */
  readonly store?: StoreConfig;
}

export interface VerifyOptions {
  readonly show: string;
  /** One poll; else all but drafts. */
  readonly poll?: string;
  readonly edges: readonly VerifyEdge[];
  /** The recorder's database. */
  readonly recorder?: StoreConfig;
  /** The network's secret: a reader's token is made of it, and the show's key unwrapped. */
  readonly secret: Uint8Array;
  readonly books?: readonly Books[];
  /** How long differences may take to settle, ms: edges are allowed to be behind for a moment. */
  readonly waitMs?: number;
  /** What is being done, in words. */
  readonly onprogress?: (doing: string) => void;
}

export interface VerifyReport {
  readonly show: string;
  /** Nothing differs and nothing that should be there could not be read. */
  readonly ok: boolean;
  readonly polls: readonly PollReport[];
  readonly cues: readonly CueReport[];
}

const DEFAULT_WAIT_MS = 10_000;
const TOKEN_SECONDS = 3600;

/** Refolds every log of a show and compares: all edges' results and tallies, logs, database, finals and books. */
export async function verifyShow(options: VerifyOptions): Promise<VerifyReport> {
  const sources = sourcesOf(options);
  const compare = async (): Promise<VerifyReport> => {
    const polls = await verifyOnce(sources);
    const cues = await verifyCues(sources);
    return { show: options.show, ok: polls.every(isFine) && cues.every((cue) => cue.ok), polls, cues };
  };
  return settled(compare, options.waitMs ?? DEFAULT_WAIT_MS);
}

function sourcesOf({ show, poll, edges, recorder, secret, books = [], onprogress }: VerifyOptions): Sources {
  if (edges.length === 0) throw new UserError(`verifying "${show}": got no edges, wanted at least one`);
  const exp = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
  const token = deriveTokenKeys(secret).operators.sign({ sub: "redbutton-verify", exp, role: "reader", shows: [show] });
  const readers = edges.map(({ name, address, store }) => ({
    name,
    reader: new EdgeReader(address, show, token),
    store,
  }));
  return { show, poll, edges: readers, recorder, secret, books, onprogress };
}
