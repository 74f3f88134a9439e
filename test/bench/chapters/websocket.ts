import type { RuntimeName } from "../../../edge/cli/supervise/program.ts";
import type { Cast, CastJob } from "../programs/cast.ts";
import { SHOW_ID } from "../support/ballots.ts";
import type { Chapter, Running, Subject } from "../support/chapter.ts";
import { loadRow, underLoad } from "../support/load.ts";
import { pause } from "../support/members.ts";
import type { Options } from "../support/options.ts";
import { benchProgram, Program } from "../support/program.ts";
import type { Sample } from "../support/sample.ts";
import { bareServer, edgeServer, type Server } from "../support/servers.ts";

/** Receivers that wait for a receipt at any moment: enough for real group commits. */
const UNDER_WAY = 256;
/** Ballots of a receiver: what the edge's limits let it cast at once. */
const BALLOTS = 12;
/** The issue's, against an echo that parses nothing. */
const TARGET = 1.6;

const SERVERS = {
  "echo deno": () => bareServer("deno"),
  "edge alone, deno": () => edgeServer("deno", ["fra"], false),
  "edge of three, deno": () => edgeServer("deno", ["fra", "nyc", "syd"], true),
  "echo node": () => bareServer("node"),
  "edge alone, node": () => edgeServer("node", ["fra"], false),
} as const;
type Name = keyof typeof SERVERS;

/** A durable, acknowledged ballot a frame, each receiver on a socket of its own, against an echo of the same frame. */
export const websocket: Chapter<Name> = {
  title: `A ballot over WebSocket, one a frame, with ${UNDER_WAY} under way`,
  start,
  rows: (of) => {
    const echo = (runtime: RuntimeName) => ({ what: `bare ${runtime} echo`, of: of(`echo ${runtime}`) });
    return [
      loadRow("Edge alone, Deno: each logged, then acknowledged", of("edge alone, deno"), echo("deno"), TARGET),
      loadRow("The same in a network of three with a recorder", of("edge of three, deno"), echo("deno"), TARGET),
      loadRow("Edge alone, Node", of("edge alone, node"), echo("node"), TARGET),
    ];
  },
};

async function start({ quick }: Options): Promise<Running<Name>> {
  const sockets = quick ? 800 : 3000;
  const load = new Program(benchProgram("cast", {}));
  const started = new Map<Name, Server>();
  const stop = async () => {
    await Promise.all([load.stop(), ...[...started.values()].map((server) => server.stop())]);
  };
  let receivers = 0;
  const pulse = async (server: Server, name: Name): Promise<Sample> => {
    load.tell(jobFor(server, name, receivers, sockets));
    receivers += sockets;
    await load.next<{ open: number }>();
    await pause(500); // Presence that the hellos brought is written.
    return underLoad(server, async () => {
      load.tell({ go: true });
      const { receipts, refused, ...pulse } = await load.next<Cast>();
      if (refused === 0) return { ballots: receipts, ...pulse };
      throw new Error(`casting: ${refused} of ${receipts + refused} were refused`);
    });
  };
  try {
    const subjects: Partial<Record<Name, Subject>> = {};
    const names = Object.keys(SERVERS) as Name[];
    await Promise.all(names.map(async (name) => started.set(name, await SERVERS[name]())));
    for (const [name, server] of started) {
      await pulse(server, name); // The first one is the compiler's.
      subjects[name] = { round: () => pulse(server, name) };
    }
    return { subjects: subjects as Record<Name, Subject>, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function jobFor({ host, port, secret }: Server, name: Name, firstReceiver: number, sockets: number): CastJob {
  const address = `ws://${host}:${port}`;
  const job = { firstReceiver, sockets, ballots: BALLOTS, underWay: UNDER_WAY };
  return name.startsWith("echo")
    ? { ...job, url: `${address}/echo` }
    : { ...job, url: `${address}/v1/shows/${SHOW_ID}/live`, secret };
}
