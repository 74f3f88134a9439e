import type { PressJob } from "../programs/press.ts";
import type { Pressed } from "../support/books.ts";
import type { Chapter, Running, Subject } from "../support/chapter.ts";
import { loadRow, underLoad } from "../support/load.ts";
import type { Options } from "../support/options.ts";
import { benchProgram, Program } from "../support/program.ts";
import type { Row } from "../support/row.ts";
import type { Medians, Sample } from "../support/sample.ts";
import type { Server } from "../support/servers.ts";
import { bareWorkers, workersEdge } from "../support/workers.ts";

/** Requests that an object has under way on a busy evening. */
const CONNECTIONS = 256;
/** What durability, exactness and replication may cost beside handing over, parsing and verifying. */
const TARGET = 1.4;
/** Each write of an object's storage is an fsync, and is paid for. */
const MOST_WRITES = 0.1;

const SERVERS = {
  bare: () => bareWorkers(),
  "edge alone": () => workersEdge(false),
  "with a recorder": () => workersEdge(true),
} as const;
type Name = keyof typeof SERVERS;

/** A durable, acknowledged ballot through a Worker to a Durable Object, in `workerd serve`, against the least there. */
export const workers: Chapter<Name> = {
  title: `A ballot on Cloudflare's runtime (workerd), at ${CONNECTIONS} connections`,
  start,
  rows: (of) => {
    const bare = { what: "bare Hono → Durable Object", of: of("bare") };
    return [
      loadRow("Edge object alone: logged, then acknowledged", of("edge alone"), bare, TARGET),
      loadRow("The same with a recorder object in the process", of("with a recorder"), bare, TARGET),
      writesRow(of("edge alone")),
    ];
  },
};

function writesRow(edge: Medians): Row {
  const perFlush = edge.of("perFlush");
  return {
    what: "Writes of the object's storage",
    measured: 1 / perFlush,
    unit: "a ballot",
    target: { most: MOST_WRITES },
  };
}

async function start({ quick }: Options): Promise<Running<Name>> {
  const presses = quick ? 3000 : 10_000;
  const load = new Program(benchProgram("press", {}));
  const started = new Map<Name, Server>();
  const stop = async () => {
    await Promise.all([load.stop(), ...[...started.values()].map((server) => server.stop())]);
  };
  let receivers = 0;
  const pulse = async (server: Server): Promise<Sample> => {
    const { host, port, secret } = server;
    const pace = { kind: "closed", connections: CONNECTIONS } as const;
    const job: PressJob = { host, port, secret, firstReceiver: receivers, presses, pace };
    receivers += presses;
    return underLoad(server, async () => {
      load.tell(job);
      const { statuses, lost, errors, ...pulse } = await load.next<Pressed>();
      if (statuses["202"] === presses) return { ballots: presses, ...pulse };
      throw new Error(`pressing: got ${JSON.stringify({ statuses, lost, errors })}, wanted ${presses} × 202`);
    });
  };
  try {
    const subjects: Partial<Record<Name, Subject>> = {};
    for (const name of Object.keys(SERVERS) as Name[]) started.set(name, await SERVERS[name]());
    for (const [name, server] of started) {
      await pulse(server); // The first one is the compiler's.
      subjects[name] = { round: () => pulse(server) };
    }
    return { subjects: subjects as Record<Name, Subject>, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
