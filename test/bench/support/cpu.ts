import { readFileSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

/** Linux counts a process's time in these, whatever the kernel's own tick is (USER_HZ, proc(5)). */
const TICKS_PER_SECOND = 100;

/** CPU time of a process so far, all its threads, user and system, in µs and to 10 ms. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The second field is the program's name in parentheses, which may hold blanks; the third comes after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return ((user + system) * 1e6) / TICKS_PER_SECOND;
}

/**
 * CPU time in µs that this process spends on `task`, all its threads. With REDBUTTON_BENCH_PROFILE=FOLDER a profile of
 * exactly that goes there, for `programs/hot.ts` or a browser's developer tools.
 */
export async function ownCpu(task: () => Promise<void> | void): Promise<number> {
  const stopProfile = await startProfile(process.env["REDBUTTON_BENCH_PROFILE"]);
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  await stopProfile();
  return user + system;
}

async function startProfile(folder: string | undefined): Promise<() => Promise<void>> {
  if (folder === undefined) return () => Promise.resolve();
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.start");
  return async () => {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    writeFileSync(`${folder}/${process.pid}-${Math.round(performance.now())}.cpuprofile`, JSON.stringify(profile));
  };
}
