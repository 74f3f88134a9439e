// `node test/bench/programs/hot.ts FILE…`: the functions in which a CPU profile spent its time, by their own time.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Of a .cpuprofile, what is read here. */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

const SHOWN = 40;

for (const file of process.argv.slice(2)) {
  const times = selfTimes(JSON.parse(readFileSync(file, "utf8")) as Profile);
  const busy = [...times].filter(([name]) => !name.startsWith("(idle)")).sort(([, a], [, b]) => b - a);
  const total = busy.reduce((sum, [, time]) => sum + time, 0);
  console.log(`${file}: ${(total / 1e6).toFixed(2)} s`);
  for (const [name, time] of busy.slice(0, SHOWN))
    console.log(`${((time / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
}

function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  samples.forEach((id, i) => times.set(names.get(id)!, (times.get(names.get(id)!) ?? 0) + timeDeltas[i]!));
  return times;
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const path = url.startsWith("file:") ? relative(process.cwd(), fileURLToPath(url)) : url;
  return `${functionName || "(anonymous)"}${path ? `  ${path}:${lineNumber + 1}` : ""}`;
}
