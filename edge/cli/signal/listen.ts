// A thread of its own, so that what else a program does makes no cue late: listens to a transport stream by UDP, and posts
// the text of every ID3 frame with the time at which it was read. mux.js reads them, as players of HLS do.
import { createSocket } from "node:dgram";
import { parentPort, workerData } from "node:worker_threads";
import muxjs from "mux.js";
import type { ReadFrame } from "./reader.ts";

const packets = new muxjs.mp2t.TransportPacketStream();
const elementary = new muxjs.mp2t.ElementaryStream();
const metadata = new muxjs.mp2t.MetadataStream();
packets.pipe(new muxjs.mp2t.TransportParseStream()).pipe(elementary).pipe(metadata);
metadata.on("data", ({ frames }) => {
  for (const { value } of frames)
    if (value !== undefined) parentPort?.postMessage({ text: value, at: Date.now() } satisfies ReadFrame);
});

const socket = createSocket("udp4");
socket.on("message", (datagram) => {
  packets.push(new Uint8Array(datagram));
  // It would keep a tag until the next one begins.
  elementary.flush();
});
socket.bind(Number(workerData), "127.0.0.1", () => parentPort?.postMessage("listening"));
