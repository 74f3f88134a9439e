import { bytesToHex } from "@noble/hashes/utils.js";
import * as Y from "yjs";
import type { Watermark } from "../../coverage.ts";
import type { Gap } from "../../fold.ts";
import type { Member } from "../../member.ts";
import type { RecentUpdate } from "../../recent-updates.ts";
import type { Replica } from "../../replica.ts";
import { deletionDigest } from "../../replicate/pieces.ts";

/** What one member holds of a show, in few words: state vectors, digests, coverage. */
export interface MemberStates {
  readonly boot: string;
  readonly documents: readonly DocumentState[];
  readonly coverage: Watermark;
  /** Chain → when each of the last batches became visible here: sequence, ms since 1970. */
  readonly arrivals: Readonly<Record<string, readonly Timed[]>>;
  /** Holes in chains. */
  readonly holes: readonly Gap[];
  /** What this member last heard of each peer. */
  readonly heard: readonly HeardPeer[];
}

/** A position (a sequence, or a clock) and the time in ms since 1970 at which it came to be here. */
export type Timed = readonly [position: number, at: number];

export interface DocumentState {
  readonly document: string;
  /** Yjs client → clock. */
  readonly vector: Readonly<Record<string, number>>;
  /** Client → whose it is, "fra/boot". */
  readonly owners: Readonly<Record<string, string>>;
  /** Digest of the deletions, hexadecimal: a state vector does not see them. */
  readonly deletions: string;
  /** This boot's own client. */
  readonly own: number;
  /** Client → when its last changes came to be here. */
  readonly times: Readonly<Record<string, readonly Timed[]>>;
  readonly gaps: readonly DocumentGap[];
}

/** Structs of a client that came without those before them: `next` is missing, and what came begins at `from`. */
export interface DocumentGap {
  readonly client: number;
  readonly next: number;
  readonly from: number;
  /** When it was noticed, ms since 1970; absent where Yjs itself holds back what came. */
  readonly at?: number;
  readonly peer?: string;
}

export interface HeardPeer {
  readonly peer: string;
  readonly open: boolean;
  /** When it last compared itself with this member, ms since 1970; 0 where it never did. */
  readonly at: number;
  readonly coverage: Watermark;
  /** Document → client → clock. */
  readonly vectors: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Positions with their times that are told of each chain and document: at ten flushes a second half a minute. */
export const MAX_TIMES = 300;

/** Reads state vectors, digests and notes; opens no transaction and adds no root. */
export function readStates(member: Member, replica: Replica): MemberStates {
  const coverage = replica.coverage();
  return {
    boot: member.boot,
    documents: replica.documents().map((name) => readDocument(member, replica, name)),
    coverage: coverage.toJSON(),
    arrivals: Object.fromEntries([...coverage.entries()].map(([chain, last]) => [chain, times(replica, chain, last)])),
    holes: [...replica.shards().values()].flatMap(({ fold }) => fold.gaps()),
    heard: member.links().map(({ peer, open }) => readHeard(member, replica, peer, open)),
  };
}

function times(replica: Replica, chain: string, last: number): Timed[] {
  const timed: Timed[] = [];
  for (let sequence = Math.max(1, last - MAX_TIMES + 1); sequence <= last; sequence++) {
    const at = replica.arrivals.of(chain, sequence);
    if (at !== undefined) timed.push([sequence, at]);
  }
  return timed;
}

function readDocument(member: Member, replica: Replica, document: string): DocumentState {
  const doc = replica.document(document)!;
  const clients = [...doc.store.clients.keys()];
  return {
    document,
    vector: Object.fromEntries(clients.map((client) => [client, Y.getState(doc.store, client)])),
    owners: Object.fromEntries(clients.flatMap((client) => ownerOf(member, client))),
    deletions: bytesToHex(deletionDigest(doc)),
    own: doc.clientID,
    times: timesOf(replica.recentUpdates(document)!.list()),
    gaps: [...heldBack(doc), ...refused(member, doc, document)],
  };
}

function timesOf(updates: readonly RecentUpdate[]): Record<string, Timed[]> {
  const times: Record<string, Timed[]> = {};
  for (const { clocks, at } of updates.slice(-MAX_TIMES))
    for (const [client, clock] of clocks) (times[client] ??= []).push([clock, at]);
  return times;
}

function ownerOf({ backbone }: Member, client: number): [number, string][] {
  const owner = backbone.introductions.ownerOf(client);
  return owner ? [[client, `${owner.member}/${owner.boot}`]] : [];
}

/** What Yjs itself holds back, waiting for what is missing. */
function heldBack({ store }: Y.Doc): DocumentGap[] {
  const missing = store.pendingStructs?.missing;
  if (!missing) return [];
  return [...missing].map(([client, clock]) => {
    const next = Y.getState(store, client);
    return { client, next, from: Math.max(clock, next) + 1 };
  });
}

/** What the guard refused of peers, and has not come since. */
function refused(member: Member, { store }: Y.Doc, document: string): DocumentGap[] {
  return member.links().flatMap(({ peer }) => {
    const gap = member.backbone.heard(peer).gaps.get(document);
    if (!gap) return [];
    return [...gap.from].flatMap(([client, from]) => {
      const next = Y.getState(store, client);
      return from > next ? [{ client, next, from, at: gap.at, peer }] : [];
    });
  });
}

function readHeard({ backbone }: Member, { show }: Replica, peer: string, open: boolean): HeardPeer {
  const heard = backbone.heard(peer);
  const vectors = [...heard.states].filter(([document]) => document.startsWith(`${show}/`));
  return {
    peer,
    open,
    at: heard.at,
    coverage: heard.covers.get(show) ?? {},
    vectors: Object.fromEntries(
      vectors.map(([document, { vector }]) => [document, Object.fromEntries(Y.decodeStateVector(vector))]),
    ),
  };
}
