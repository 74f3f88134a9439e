// A program of the next version, which reads this version's formats and its own and writes its own: this program's
// code, and only the numbers that tell the formats apart are raised by one.
import { vi } from "vitest";
import type * as BatchModule from "../../crdt/batch.ts";
import type * as MemberModule from "../../crdt/member.ts";
import type * as FrameModule from "../../crdt/replicate/frame.ts";
import type * as SnapshotModule from "../../crdt/snapshot.ts";
import type * as StoreModule from "../../crdt/store/memory.ts";

const BATCH = "../../crdt/batch.ts";
const FRAME = "../../crdt/replicate/frame.ts";
const SNAPSHOT = "../../crdt/snapshot.ts";

/** What a program of one version opens. */
export interface Version {
  readonly Member: typeof MemberModule.Member;
  readonly MemoryStore: typeof StoreModule.MemoryStore;
}

/** The next version, beside this one. */
export async function nextVersion(): Promise<Version> {
  vi.resetModules();
  vi.doMock(BATCH, async (original) => nextBatch(await original<typeof BatchModule>()));
  vi.doMock(FRAME, async (original) => nextFrame(await original<typeof FrameModule>()));
  vi.doMock(SNAPSHOT, async (original) => nextSnapshot(await original<typeof SnapshotModule>()));
  const { Member } = await import("../../crdt/member.ts");
  const { MemoryStore } = await import("../../crdt/store/memory.ts");
  for (const path of [BATCH, FRAME, SNAPSHOT]) vi.doUnmock(path);
  vi.resetModules();
  return { Member, MemoryStore };
}

function nextBatch(now: typeof BatchModule): typeof BatchModule {
  const next = now.FORMAT_VERSION + 1;
  /** The same bytes under this version's number. */
  const read = (bytes: Uint8Array) => (bytes[0] === next ? renumbered(bytes, now.FORMAT_VERSION) : bytes);
  return {
    ...now,
    encodeBatch: (batch) => renumbered(now.encodeBatch(batch), next),
    decodeBatch: (bytes) => now.decodeBatch(read(bytes)),
    decodeHeader: (bytes) => now.decodeHeader(read(bytes)),
    batchOf: (bytes) => now.batchOf(read(bytes)),
    headerOf: (bytes) => now.headerOf(read(bytes)),
  };
}

function renumbered(bytes: Uint8Array, version: number): Uint8Array {
  const copy = bytes.slice();
  copy[0] = version;
  return copy;
}

function nextFrame(
  now: typeof FrameModule,
): Omit<typeof FrameModule, "PROTOCOL_VERSION"> & { PROTOCOL_VERSION: number } {
  return { ...now, PROTOCOL_VERSION: now.PROTOCOL_VERSION + 1 };
}

const THIS_SNAPSHOT = '"version":2';
const NEXT_SNAPSHOT = '"version":3';

function nextSnapshot(now: typeof SnapshotModule): typeof SnapshotModule {
  return {
    encodeSnapshots: (folds) => replaced(now.encodeSnapshots(folds), THIS_SNAPSHOT, NEXT_SNAPSHOT),
    joinSnapshots: (folds, bytes) => now.joinSnapshots(folds, replaced(bytes, NEXT_SNAPSHOT, THIS_SNAPSHOT)),
  };
}

/** A text of bytes in place of another of the same length. */
function replaced(bytes: Uint8Array, text: string, by: string): Uint8Array {
  return new Uint8Array(Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll(text, by), "latin1"));
}
