import type { RuntimeName } from "../../../edge/cli/supervise/program.ts";
import type { PressJob } from "../programs/press.ts";
import type { Pressed } from "../support/books.ts";
import type { Chapter, Running, Subject } from "../support/chapter.ts";
import { loadRow, underLoad } from "../support/load.ts";
import type { Options } from "../support/options.ts";
import { benchProgram, Program } from "../support/program.ts";
import type { Sample } from "../support/sample.ts";
import { bareServer, edgeServer, type Server } from "../support/servers.ts";

/** The issue's: what durability, exactness and replication may cost beside parsing and verifying. */
const TARGET = 1.3;

const SERVERS = {
  "bare deno": () => bareServer("deno"),
  "edge alone, deno": () => edgeServer("deno", ["fra"], false),
  "edge of three, deno": () => edgeServer("deno", ["fra", "nyc", "syd"], true),
  "bare node": () => bareServer("node"),
  "edge alone, node": () => edgeServer("node", ["fra"], false),
} as const;
type Name = keyof typeof SERVERS;

/**
 * A durable, acknowledged ballot over HTTP against the least that could answer it, at so many connections on either
 * side: each has one request under way at a time, so that a group commit holds at most so many.
 */
export function http(connections: number): Chapter<Name> {
  return {
    title: `A ballot over HTTP, at ${connections.toLocaleString("en")} connections`,
    start: (options) => start(options, connections),
    rows: (of) => {
      const bare = (runtime: RuntimeName) => ({ what: `bare ${runtime} handler`, of: of(`bare ${runtime}`) });
      return [
        loadRow("Edge alone, Deno: logged, then acknowledged", of("edge alone, deno"), bare("deno"), TARGET),
        loadRow("The same in a network of three with a recorder", of("edge of three, deno"), bare("deno"), TARGET),
        loadRow("Edge alone, Node", of("edge alone, node"), bare("node"), TARGET),
      ];
    },
  };
}

async function start({ quick }: Options, connections: number): Promise<Running<Name>> {
  const presses = quick ? 10_000 : 30_000;
  const load = new Program(benchProgram("press", {}));
  const started = new Map<Name, Server>();
  const stop = async () => {
    await Promise.all([load.stop(), ...[...started.values()].map((server) => server.stop())]);
  };
  let receivers = 0;
  const pulse = async (server: Server): Promise<Sample> => {
    const { host, port, secret } = server;
    const pace = { kind: "closed", connections } as const;
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
    const names = Object.keys(SERVERS) as Name[];
    await Promise.all(names.map(async (name) => started.set(name, await SERVERS[name]())));
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
