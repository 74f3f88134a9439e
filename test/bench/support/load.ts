import { pause } from "./members.ts";
import type { Row } from "./row.ts";
import type { Medians, Sample } from "./sample.ts";
import type { Server } from "./servers.ts";

/** What came of one pulse of ballots. */
export interface Pulse {
  readonly ballots: number;
  readonly seconds: number;
  /** ms */
  readonly p50: number;
  readonly p99: number;
}

/** What follows a pulse belongs to it: peers that fold, a recorder that records. */
const AFTERMATH_MS = 300;

/** What a server spends on a pulse, a ballot. */
export async function underLoad(server: Server, pulse: () => Promise<Pulse>): Promise<Sample> {
  const [flushes, cpu, cpuOfAll] = [await server.flushes(), server.cpu(), server.cpuOfAll()];
  const { ballots, seconds, p50, p99 } = await pulse();
  await pause(AFTERMATH_MS);
  const spent = { cpu: (server.cpu() - cpu) / ballots, cpuOfAll: (server.cpuOfAll() - cpuOfAll) / ballots };
  const perFlush = ballots / Math.max(1, (await server.flushes()) - flushes);
  return { ...spent, perFlush, perSecond: ballots / seconds, p50, p99 };
}

/** A server's row against the least that could answer. */
export function loadRow(what: string, server: Medians, bare: { what: string; of: Medians }, most: number): Row {
  const [all, own, perFlush, p50, p99] = ["cpuOfAll", "cpu", "perFlush", "p50", "p99"].map((figure) =>
    server.of(figure),
  );
  const others = all! > own! * 1.05 ? `; with its peers and recorder ${all!.toFixed(1)} µs` : "";
  return {
    what,
    measured: own!,
    unit: "µs CPU a ballot",
    against: { what: bare.what, value: bare.of.of("cpu") },
    target: { most },
    note: `${perFlush!.toFixed(0)} ballots a flush; answered in ${p50!.toFixed(0)} ms, p99 ${p99!.toFixed(0)}${others}`,
  };
}
