import * as decoding from "lib0/decoding";
import { messageYjsSyncStep1, messageYjsSyncStep2, messageYjsUpdate } from "y-protocols/sync";
import * as Y from "yjs";
import { decodeHeader } from "../batch.ts";
import { MAX_UPDATE_BYTES, MAX_VECTOR_BYTES } from "./frame.ts";
import { BOARD_ROOTS, Keys, TALLIES_ROOTS } from "./keys.ts";
import {
  describe,
  endOf,
  gap,
  hostile,
  knownOf,
  MAX_CLOCK,
  runsOf,
  takeApart,
  type GuardPolicy,
  type Parts,
  type Refusal,
  type Run,
} from "./runs.ts";
import { isStateVector, type Owner } from "./wire.ts";

export type { GuardPolicy, Refusal } from "./runs.ts";

export type Verdict = { readonly ok: true } | Refusal;

const OK: Verdict = { ok: true };

/**
 * Stands before `Y.applyUpdate`, which has no rollback: of 43,000 mutated updates 1,726 threw halfway through, and 15
 * left a document that could never be loaded again. Judges an update in Yjs's first encoding by looking alone.
 *
 * Lets in what our own writers make, and nothing else that Yjs could do. What passes integrates wholly: its clocks go on
 * from ours, and whatever it refers to is in it or in the document, without circles. It cannot tell who really wrote a
 * struct: a member may forge those of others, since structs are not signed.
 */
export function judge(doc: Y.Doc, update: Uint8Array, policy: GuardPolicy): Verdict {
  const maxBytes = policy.maxBytes ?? MAX_UPDATE_BYTES;
  if (update.length > maxBytes) return hostile(`the update has ${update.length} bytes, the limit is ${maxBytes}`);
  const parts = takeApart(update);
  if (!parts) return hostile(`${update.length} bytes are no update`);
  const runs = runsOf(doc, parts, policy);
  if (!(runs instanceof Map)) return runs;
  switch (policy.kind) {
    case "ledger":
      return judgeLedger(doc, parts, runs, policy) ?? OK;
    case "board":
      return judgeKeys(doc, parts, new Keys(doc, runs, BOARD_ROOTS), runs) ?? OK;
    case "tallies":
      return judgeKeys(doc, parts, new Keys(doc, runs, TALLIES_ROOTS), runs) ?? OK;
  }
}

function judgeKeys(doc: Y.Doc, parts: Parts, keys: Keys, runs: ReadonlyMap<number, Run>): Refusal | undefined {
  return (
    keys.admit() ?? judgeDeletions(doc, parts, runs, (client, clock, end) => keys.judgeDeletion(client, clock, end))
  );
}

function judgeLedger(
  doc: Y.Doc,
  parts: Parts,
  runs: ReadonlyMap<number, Run>,
  policy: GuardPolicy,
): Refusal | undefined {
  for (const run of runs.values()) {
    const refused = admitChain(run, policy);
    if (refused) return refused;
  }
  return judgeDeletions(doc, parts, runs, (client, _clock, end) =>
    end > deletableUpTo(policy, client)
      ? gap(`client ${client} is deleted up to ${end}, and not known to be recorded`)
      : undefined,
  );
}

/** A boot's client appends to the boot's own array, and each item names the one before. */
function admitChain(run: Run, policy: GuardPolicy): Refusal | undefined {
  for (const item of run.items) {
    if (!isChained(item, run.owner)) return hostile(`${describe(item)} does not go on with its boot's own array`);
    if (item.content instanceof Y.ContentBinary) {
      if (!mayAppend(item.content.content, run.owner))
        return hostile(`${describe(item)} is no batch of "${run.owner.member}"`);
    } else if (!(item.content instanceof Y.ContentDeleted)) {
      return hostile(`${describe(item)} is no batch`);
    } else if (endOf(item) > deletableUpTo(policy, run.client)) {
      return gap(`${describe(item)} is deleted, and not known to be recorded`);
    }
    run.known = Math.max(run.known, endOf(item));
  }
  return undefined;
}

function isChained({ id, origin, parent, parentSub }: Y.Item, owner: Owner): boolean {
  if (id.clock > 0) return origin !== null && origin.client === id.client && origin.clock === id.clock - 1;
  // Before it is integrated an item of a root type holds the root's name as its parent.
  return origin === null && (parent as unknown) === `${owner.member}/${owner.boot}` && parentSub === null;
}

/** A boot appends batches of its own edge. Those of a later format cannot be judged; the fold leaves them out. */
function mayAppend(batch: Uint8Array, owner: Owner): boolean {
  try {
    return decodeHeader(batch).edge === owner.member;
  } catch {
    return true;
  }
}

function deletableUpTo(policy: GuardPolicy, client: number): number {
  return policy.deletable[client] ?? 0;
}

/** Deletions in order, of what is known once the structs are applied; `judgeOne` says the rest. */
function judgeDeletions(
  doc: Y.Doc,
  { deletions }: Parts,
  runs: ReadonlyMap<number, Run>,
  judgeOne: (client: number, clock: number, end: number) => Refusal | undefined,
): Refusal | undefined {
  for (const [client, ranges] of deletions) {
    const known = knownOf(doc, runs, client);
    let after = 0;
    for (const { clock, len } of ranges) {
      const end = clock + len;
      if (clock < after || len < 1 || end >= MAX_CLOCK)
        return hostile(`client ${client} has ${clock} to ${end} deleted, after ${after}`);
      if (end > known) return gap(`client ${client} is deleted up to ${end}, and known up to ${known}`);
      const refused = judgeOne(client, clock, end);
      if (refused) return refused;
      after = end;
    }
  }
  return undefined;
}

/** y-websocket's messages. */
const MESSAGE_SYNC = 0;
const MESSAGE_AWARENESS = 1;
const MESSAGE_QUERY_AWARENESS = 3;

/** What a message of a light reader asks for. */
export type ReaderVerdict =
  /** Sync step 1: answer what this state vector lacks. */
  | { readonly kind: "state"; readonly vector: Uint8Array }
  | { readonly kind: "ignore" }
  /** A reader tried to write, or what it sent is nothing of the protocol: close its socket. */
  | { readonly kind: "offence"; readonly reason: string };

/** Largest message of a reader, bytes: a state vector with room. */
export const MAX_READER_MESSAGE_BYTES = MAX_VECTOR_BYTES + 16;

const IGNORE: ReaderVerdict = { kind: "ignore" };

/**
 * Judges a raw y-websocket message on a room of a light reader. Nothing of it is ever applied. A stock client answers
 * a sync step 1 of ours with what we lack and every deletion that it knows: without structs that is no offence.
 */
export function judgeReader(message: Uint8Array): ReaderVerdict {
  if (message.length > MAX_READER_MESSAGE_BYTES)
    return offence(`a message of ${message.length} bytes, the limit is ${MAX_READER_MESSAGE_BYTES}`);
  try {
    const decoder = decoding.createDecoder(message);
    const type = decoding.readVarUint(decoder);
    switch (type) {
      case MESSAGE_SYNC:
        return judgeSync(decoding.readVarUint(decoder), decoding.readVarUint8Array(decoder));
      case MESSAGE_AWARENESS:
      case MESSAGE_QUERY_AWARENESS:
        return IGNORE;
      default:
        return offence(`a message of type ${type}`);
    }
  } catch {
    return offence(`${message.length} bytes that are no message`);
  }
}

function judgeSync(step: number, body: Uint8Array): ReaderVerdict {
  switch (step) {
    case messageYjsSyncStep1:
      return isStateVector(body)
        ? { kind: "state", vector: body.slice() }
        : offence("a state vector that cannot be read");
    case messageYjsSyncStep2:
    case messageYjsUpdate:
      // An update begins with the number of its blocks of structs.
      return body[0] === 0 ? IGNORE : offence("an update, on a connection that only reads");
    default:
      return offence(`a sync message of type ${step}`);
  }
}

function offence(reason: string): ReaderVerdict {
  return { kind: "offence", reason };
}
