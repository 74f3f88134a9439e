import { createSocket } from "node:dgram";
import { openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { isMulticast, type Target } from "../address.ts";
import { PACKET_BYTES } from "../signal/packet.ts";

/** Where packets go. Bytes are only lent: what is kept is copied. */
export interface PacketSink {
  write(packets: Uint8Array, from: number, to: number): void;
  /** What was written is sent now, a datagram that is not full as well. */
  flush(): void;
  /** Resolves when more is welcome; undefined where it is so already. */
  drained(): Promise<void> | undefined;
  /** Resolves once everything is out. */
  close(): Promise<void>;
}

export interface SinkEvents {
  /** Nobody reads any more. */
  onclosed(): void;
  onfailed(error: Error): void;
}

/** Packets of a datagram: what fits into an Ethernet frame (1,500 bytes), as every receiver expects it. */
const PACKETS_A_DATAGRAM = 7;
const DATAGRAM_BYTES = PACKETS_A_DATAGRAM * PACKET_BYTES;
/** Hops of a multicast datagram. */
const MULTICAST_TTL = 4;

export function openTarget(target: Target, events: SinkEvents): Promise<PacketSink> {
  switch (target.kind) {
    case "udp":
      return openUdp(target, events);
    case "file":
      return Promise.resolve(fileSink(target.path));
    case "stdout":
      return Promise.resolve(streamSink(process.stdout, events));
  }
}

function openUdp(target: Extract<Target, { kind: "udp" }>, events: SinkEvents): Promise<PacketSink> {
  const { host, port, interface: own } = target;
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.connect(port, host, () => {
      if (isMulticast(host)) {
        socket.setMulticastTTL(MULTICAST_TTL);
        if (own !== undefined) socket.setMulticastInterface(own);
      }
      socket.removeAllListeners("error").on("error", (error) => events.onfailed(error));
      resolve(datagramSink(socket, events));
    });
  });
}

function datagramSink(socket: ReturnType<typeof createSocket>, events: SinkEvents): PacketSink {
  let datagram = new Uint8Array(DATAGRAM_BYTES);
  let filled = 0;
  const send = () => {
    if (filled === 0) return;
    // Nobody listens at an address yet: that is no failure of a sender of datagrams.
    socket.send(datagram, 0, filled, (error) => error && !isRefused(error) && events.onfailed(error));
    datagram = new Uint8Array(DATAGRAM_BYTES); // The old one is still to be read.
    filled = 0;
  };
  return {
    write(packets, from, to) {
      for (let at = from; at < to;) {
        const piece = Math.min(to - at, DATAGRAM_BYTES - filled);
        datagram.set(packets.subarray(at, at + piece), filled);
        filled += piece;
        at += piece;
        if (filled === DATAGRAM_BYTES) send();
      }
    },
    flush: send,
    drained: () => undefined,
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}

function isRefused(error: Error): boolean {
  return "code" in error && error.code === "ECONNREFUSED";
}

/** A file is written in step: what comes in faster than the disk takes it waits in its own source. */
function fileSink(path: string): PacketSink {
  const file = openSync(path, "w");
  return {
    write: (packets, from, to) => writeWhole(file, packets, from, to),
    flush() {},
    drained: () => undefined,
    close: () => Promise.resolve(),
  };
}

function writeWhole(file: number, bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to;) at += writeSync(file, bytes, at, to - at);
}

/** Bytes that a slow reader of the standard output may be behind: 8 s at 40 Mb/s. Beyond that packets are dropped. */
export const MAX_BEHIND_BYTES = 40 * 1024 * 1024;

function streamSink(stream: Writable, events: SinkEvents): PacketSink {
  let parts: Uint8Array[] = [];
  stream.on("error", (error) =>
    "code" in error && error.code === "EPIPE" ? events.onclosed() : events.onfailed(error),
  );
  return {
    write(packets, from, to) {
      if (stream.writableLength <= MAX_BEHIND_BYTES) parts.push(packets.slice(from, to));
    },
    flush() {
      for (const part of parts) stream.write(part);
      parts = [];
    },
    drained: () => (stream.writableNeedDrain ? new Promise((resolve) => stream.once("drain", resolve)) : undefined),
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
