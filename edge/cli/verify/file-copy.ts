import { constants, existsSync } from "node:fs";
import { copyFile, mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/**
 * A running member owns its database file alone, so its file and write-ahead log are copied and the copy is opened. The
 * file itself changes only when the log is checkpointed into it; where that happened during the copying, file and log do
 * not belong together and both are copied again. What is appended to the log meanwhile does no harm: a half-written frame
 * at its end is left out by its checksum.
 */
export async function copyDatabase(file: string): Promise<DatabaseCopy> {
  const folder = await mkdtemp(join(tmpdir(), "redbutton-verify-"));
  const copy = join(folder, basename(file));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (await copyOnce(file, copy)) return { file: copy, remove };
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    throw new Error(`copying "${file}": it changed during each of ${MAX_TRIES} copies`);
  } catch (error) {
    await remove();
    throw error;
  }
}

export interface DatabaseCopy {
  readonly file: string;
  remove(): Promise<void>;
}

const MAX_TRIES = 40;
const RETRY_MS = 100;
/** A file's time of change has the kernel's tick, some ms: a file as fresh as that might be changing unseen. */
const QUIET_MS = 30;

/** False where the file was checkpointed meanwhile. */
async function copyOnce(file: string, copy: string): Promise<boolean> {
  const before = await fingerprint(file);
  if (Date.now() - before.changedAt < QUIET_MS) return false;
  await copyFile(file, copy, constants.COPYFILE_FICLONE);
  await rm(`${copy}-wal`, { force: true });
  if (existsSync(`${file}-wal`)) await copyFile(`${file}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE);
  const after = await fingerprint(file);
  return after.changedAt === before.changedAt && after.walHeader === before.walHeader;
}

/** The log's header has salts, which a checkpoint that starts the log anew changes. */
async function fingerprint(file: string): Promise<{ readonly changedAt: number; readonly walHeader: string }> {
  const { mtimeMs: changedAt } = await stat(file);
  return { changedAt, walHeader: await walHeader(`${file}-wal`) };
}

const WAL_HEADER_BYTES = 32;

async function walHeader(wal: string): Promise<string> {
  if (!existsSync(wal)) return "";
  const handle = await open(wal, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(WAL_HEADER_BYTES), 0, WAL_HEADER_BYTES, 0);
    return buffer.toString("hex", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
