// Places for databases: folders, a file system that can be full, and batches to fill them with.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packBallots, encodeBatch, NO_HASH, type Chain } from "../../crdt/batch.ts";

export const fra: Chain = { shard: 0, edge: "fra", boot: "00000000000000f1" };
export const nyc: Chain = { shard: 0, edge: "nyc", boot: "00000000000000a2" };

/** A batch of `count` ballots; nothing in it but its identity and size matters to a store. */
export function sampleBatch(chain: Chain, sequence: number, count = 1): Uint8Array {
  const time = 1_800_000_000_000 + sequence;
  const vote = { hi: sequence, poll: 0, press: 1, option: 1, k: 1, signed: false, time };
  const ballots = Array.from({ length: count }, (_, lo) => ({ ...vote, lo }));
  return encodeBatch({
    ...chain,
    kind: "ballots",
    sequence,
    time,
    previous: NO_HASH,
    records: packBallots(ballots, time),
  });
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "redbutton-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs what a test has left to do, the latest first; all of it, also when some of it fails. */
export async function cleanUp(tasks: (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const task of tasks.splice(0).reverse()) {
    try {
      await task();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `cleaning up after a test: ${String(failures[0])}`);
}

/** A file system of its own in memory, so small that a test can fill it. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes what room there is, but not the file system's last pages, which open files may be written to. */
  readonly fill: () => void;
  /** Gives it back. */
  readonly free: () => void;
  remove(): void;
}

/** Mounts a small disk, or says why this machine does not. */
export function mountSmallDisk(bytes: number): SmallDisk | string {
  if (process.platform !== "linux") return `mounting a tmpfs needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "mounting a tmpfs needs root";
  const folder = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    removeFolder(folder);
    return `mounting a tmpfs failed: ${String(error)}`;
  }
  const ballast = join(folder, "ballast");
  return {
    folder,
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast, { force: true }),
    remove: () => {
      execFileSync("umount", ["--lazy", folder]);
      removeFolder(folder);
    },
  };
}

function fillWith(ballast: string): void {
  const block = Buffer.alloc(64 * 1024);
  try {
    for (;;) writeFileSync(ballast, block, { flag: "a" });
  } catch (error) {
    if (!String(error).includes("ENOSPC")) throw error;
  }
}
