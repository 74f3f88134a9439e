import type { Chapter, Running } from "../support/chapter.ts";
import type { Options } from "../support/options.ts";
import type { Sample } from "../support/sample.ts";
import { WorkersMemory } from "../support/workers-memory.ts";

const MB = 1e6;
/** What Cloudflare gives an isolate. */
const MOST_MB = 128;
/** What docs/cloudflare.md says an object is for. */
const STATED = { receivers: 1_500_000, sockets: 32_000 };
const SOCKETS = 2000;

/** What lives in the isolate of one edge object and its recorder: V8's objects and buffers after a full collection. */
export const workersMemory: Chapter<"object"> = {
  title: "Memory of an object in workerd",
  rounds: 1,
  start,
  rows: (of) => {
    const object = of("object");
    const brought = object.of("brought");
    const perSocket = (object.of("withSockets") - object.of("withReceivers")) / SOCKETS;
    const rest = object.of("withReceivers") / MB;
    return [
      {
        what: "An edge object and the recorder, a poll open, nobody there",
        measured: object.of("empty") / MB,
        unit: "MB",
      },
      {
        what: `The same with ${brought} receivers of its shard, present and voting`,
        measured: rest,
        unit: "MB",
        ...(brought === STATED.receivers ? { target: { most: MOST_MB } } : {}),
      },
      { what: "A receiver's WebSocket", measured: perSocket, unit: "B" },
      {
        what: `All of these, with ${STATED.sockets} WebSockets, from ${SOCKETS} that were measured`,
        measured: rest + (perSocket * STATED.sockets) / MB,
        unit: "MB",
        ...(brought === STATED.receivers ? { target: { most: MOST_MB } } : {}),
      },
    ];
  },
};

async function start({ quick }: Options): Promise<Running<"object">> {
  const memory = await WorkersMemory.start();
  const brought = quick ? STATED.receivers / 10 : STATED.receivers;
  const round = async (): Promise<Sample> => {
    const empty = await memory.liveBytes();
    await memory.bring(brought);
    const withReceivers = await memory.liveBytes();
    await memory.connect(SOCKETS);
    return { brought, empty, withReceivers, withSockets: await memory.liveBytes() };
  };
  return { subjects: { object: { round } }, stop: () => memory.stop() };
}
