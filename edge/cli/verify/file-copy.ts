import { constants, existsSync } from "node:fs";
import { copyFile, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A running member owns its database file alone, so its file and write-ahead log are copied and the copy is opened. The
 * log is copied last: it holds every page that a checkpoint wrote into the file meanwhile, unless the log was started
 * anew, and then both are copied again. What is appended to the log meanwhile does no harm: a half-written frame at its
 * end is left out by its checksum.
 */
export async function copyDatabase(file: string): Promise<DatabaseCopy> {
  const folder = await mkdtemp(join(tmpdir(), "redbutton-verify-"));
  const copy = join(folder, basename(file));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (await copyOnce(file, copy)) return { file: copy, remove };
      await sleep(RETRY_MS);
    }
    throw new Error(`copying "${file}": its write-ahead log was started anew during each of ${MAX_TRIES} copies`);
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

/** False where the log was started anew meanwhile. */
async function copyOnce(file: string, copy: string): Promise<boolean> {
  const before = await walHeader(`${file}-wal`);
  await copyFile(file, copy, constants.COPYFILE_FICLONE);
  await rm(`${copy}-wal`, { force: true });
  if (before !== "") await copyFile(`${file}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE).catch(unlessGone);
  return (await walHeader(`${file}-wal`)) === before;
}

/** Its owner has closed the file: the header says so, too. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

const WAL_HEADER_BYTES = 32;

/** The log's header has salts, which change when it is started anew; nothing where there is no log. */
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
