import { createSocket, type Socket } from "node:dgram";
import { createReadStream, readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import type { World } from "../../../crdt/ports.ts";
import { isMulticast, type Source } from "../address.ts";
import { PACKET_BYTES } from "../signal/packet.ts";
import { LoopedStream } from "../stream/looped-stream.ts";
import { withoutRtp } from "./rtp.ts";

/** What an input gives: bytes that are only lent, and its end. */
export interface SourceEvents {
  /** What it returns, resolves when more is welcome: an input that can wait does so. */
  onbytes(bytes: Uint8Array): Promise<void> | undefined;
  onend(): void;
  onfailed(error: Error): void;
}

/** Stops an input. */
export type StopSource = () => void;

/** Most bytes of a datagram that is gathered before reading, in the socket: half a second at 40 Mb/s. */
const RECEIVE_BUFFER_BYTES = 2_500_000;
const READ_BYTES = 64 * 1024;

/** Opens an input. Resolves once it runs. */
export function openSource(source: Source, events: SourceEvents, world: World): Promise<StopSource> {
  switch (source.kind) {
    case "udp":
      return openUdp(source, events, world);
    case "file":
      return Promise.resolve(readStream(createReadStream(source.path, { highWaterMark: READ_BYTES }), events));
    case "stdin":
      return Promise.resolve(readStream(process.stdin, events));
    case "loop":
      return Promise.resolve(playLoop(source.path, events, world));
  }
}

function readStream(stream: Readable, events: SourceEvents): StopSource {
  stream.on("data", (chunk: Uint8Array) => {
    const welcome = events.onbytes(chunk);
    if (!welcome) return;
    stream.pause();
    void welcome.then(() => stream.resume());
  });
  stream.on("end", () => events.onend());
  stream.on("error", (error) => events.onfailed(error));
  return () => stream.destroy();
}

function openUdp(
  { host, port, interface: own }: Extract<Source, { kind: "udp" }>,
  events: SourceEvents,
  world: World,
): Promise<StopSource> {
  const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", reuseAddr: isMulticast(host) });
  socket.on("message", (datagram) => void events.onbytes(withoutRtp(datagram)));
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => reject(new Error(`listening on udp://${host}:${port}: ${error.message}`)));
    socket.bind(port, host, () => {
      try {
        if (isMulticast(host)) socket.addMembership(host, own);
      } catch (error) {
        return reject(new Error(`joining the group ${host}: ${String(error)}`));
      }
      enlarge(socket, world);
      socket.removeAllListeners("error").on("error", (error) => events.onfailed(error));
      resolve(() => socket.close());
    });
  });
}

/** The kernel may grant less; what it grants is worth a line where it is little. */
function enlarge(socket: Socket, world: World): void {
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  const granted = socket.getRecvBufferSize();
  if (granted < RECEIVE_BUFFER_BYTES / 4)
    world.log("warn", "the UDP receive buffer is small: raise net.core.rmem_max", { bytes: granted });
}

/** How often a looped stream gives what is due, ms. */
const LOOP_INTERVAL_MS = 4;
/** Packets given at once at most: after a stop of the whole process it goes on, and does not catch up. */
const MAX_BURST_PACKETS = 1000;
const TICKS_A_MS = 27_000;

function playLoop(path: string, events: SourceEvents, { clock, timers }: World): StopSource {
  const stream = new LoopedStream(new Uint8Array(readFileSync(path)));
  const buffer = new Uint8Array(MAX_BURST_PACKETS * PACKET_BYTES);
  let began = clock.now();
  let given = 0;
  let cancel = () => {};
  const play = () => {
    const due = Math.floor(((clock.now() - began) * TICKS_A_MS) / stream.ticksAPacket) - given;
    const count = Math.min(Math.max(0, due), MAX_BURST_PACKETS);
    if (due > count || due < 0) began = clock.now() - ((given + count) * stream.ticksAPacket) / TICKS_A_MS;
    stream.read(buffer, 0, count);
    given += count;
    if (count > 0) void events.onbytes(buffer.subarray(0, count * PACKET_BYTES));
    cancel = timers.after(LOOP_INTERVAL_MS, play);
  };
  play();
  return () => cancel();
}
