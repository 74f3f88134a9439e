import { describe } from "vitest";
import { openLibsqlStore } from "../../crdt/store/libsql.ts";
import { MemoryDisk, MemoryStore } from "../../crdt/store/memory.ts";
import { mountSmallDisk, removeFolder, temporaryFolder } from "../support/database.ts";
import { findSqld, startSqld } from "../support/sqld.ts";
import type { Place } from "./store-fixture.ts";
import { storeContract } from "./store.ts";

/** Room for a snapshot of 6 MiB twice, and its write-ahead log. */
const SMALL_DISK_BYTES = 64 * 2 ** 20;

async function inMemory(): Promise<Place> {
  const disk = new MemoryDisk();
  let full = false;
  return {
    open: async () => new MemoryStore(disk, () => (full ? "full" : undefined)),
    disk: {
      fill: async () => void (full = true),
      free: async () => void (full = false),
    },
    remove: async () => {},
  };
}

async function inFile(): Promise<Place> {
  const folder = temporaryFolder();
  return {
    open: () => openLibsqlStore(`file:${folder}/store.db`, { waitMs: 0 }),
    remove: async () => removeFolder(folder),
  };
}

async function inFileOnSmallDisk(): Promise<Place> {
  const disk = mountSmallDisk(SMALL_DISK_BYTES);
  if (typeof disk === "string") throw new Error(disk);
  return {
    open: () => openLibsqlStore(`file:${disk.folder}/store.db`, { waitMs: 0 }),
    disk: { fill: async () => disk.fill(), free: async () => disk.free() },
    remove: async () => disk.remove(),
  };
}

async function onServer(): Promise<Place> {
  const folder = temporaryFolder();
  const server = await startSqld(folder);
  return {
    open: () => openLibsqlStore(server.url),
    disk: { fill: () => server.limit("1MB"), free: () => server.limit("1GB") },
    remove: async () => {
      await server.kill();
      removeFolder(folder);
    },
  };
}

function whyNoSmallDisk(): string | undefined {
  const disk = mountSmallDisk(2 ** 20);
  if (typeof disk === "string") return disk;
  disk.remove();
  return undefined;
}

describe("a store in memory", () => storeContract(inMemory));
// The machine's own disk is not filled; the small one below is.
describe("a store in a file", () => storeContract(inFile, { fills: false }));
contractUnless(whyNoSmallDisk(), "a store in a file on a small disk", inFileOnSmallDisk);
const sqld = findSqld();
contractUnless("missing" in sqld ? sqld.missing : undefined, "a store on a libSQL server", onServer);

function contractUnless(reason: string | undefined, name: string, makePlace: () => Promise<Place>): void {
  // A server's start, or a mount, takes its time on a busy machine.
  if (reason === undefined) describe(name, { timeout: 30_000 }, () => storeContract(makePlace));
  else describe.skip(`${name} (skipped: ${reason})`, () => storeContract(makePlace));
}
