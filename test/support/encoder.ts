// Encoders as programs, and whoever listens to what they send.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realWorld } from "../../edge/runtime/host/world.ts";
import { decodePayload } from "../../monitor/encoder/payload.ts";
import { AutomationSystem } from "../../monitor/encoder/scte104/client.ts";
import { LoopedStream } from "../../monitor/encoder/stream/looped-stream.ts";
import { concatenated, PACKET_BYTES, picture, PIDS } from "./inserter.ts";
import { redbutton, type Started, until } from "./processes.ts";
import { checkStream } from "./ts-check.ts";

export const HOST = "127.0.0.1";

export class EncoderGround {
  /** What the automation systems said, a line each. */
  readonly said: string[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "redbutton-encoder-"));
  readonly #closing: (() => void)[] = [];

  /** Starts `redbutton encoder` with this configuration. */
  start(name: string, config: Readonly<Record<string, unknown>>): Started {
    const file = join(this.folder, `${name}.json`);
    writeFileSync(file, JSON.stringify({ journal: `${name}.journal`, ...config }));
    return redbutton(["encoder", "--config", file]);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** What drives encoders at these ports. */
  automation(...ports: number[]): AutomationSystem {
    const addresses = ports.map((port) => ({ host: HOST, port }));
    const world = realWorld((_, message, about) => this.said.push(`${message} ${JSON.stringify(about)}`));
    const system = new AutomationSystem({ addresses, pidIndex: 0, asIndex: 1, formatIdentifier: "RBTN" }, world);
    this.#closing.push(() => system.stop());
    return system;
  }

  /** Sends the sample picture to these UDP ports, in time. */
  sendPicture(...ports: number[]): void {
    const stream = new LoopedStream(picture());
    const socket = createSocket("udp4");
    const began = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * 27_000) / stream.ticksAPacket);
      for (; sent < due; sent += 7) {
        const datagram = new Uint8Array(7 * PACKET_BYTES);
        stream.read(datagram, 0, 7);
        for (const port of ports) socket.send(datagram, port, HOST);
      }
    }, 10);
    this.#closing.push(() => (clearInterval(timer), socket.close()));
  }

  async listen(): Promise<Listening> {
    const listening = await Listening.open();
    this.#closing.push(() => listening.close());
    return listening;
  }

  end(): void {
    for (const close of this.#closing.splice(0)) close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A receiver of UDP that keeps everything. */
export class Listening {
  readonly port: number;
  readonly #socket: Socket;
  readonly #parts: Uint8Array[] = [];

  static async open(): Promise<Listening> {
    const socket = createSocket("udp4");
    socket.bind(0, HOST);
    await once(socket, "listening");
    socket.setRecvBufferSize(4_000_000);
    return new Listening(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on("message", (datagram) => this.#parts.push(new Uint8Array(datagram)));
  }

  get packets(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0) / PACKET_BYTES;
  }

  get stream(): Uint8Array {
    return concatenated(this.#parts);
  }

  close(): void {
    this.#socket.close();
  }
}

/** What a receiver has of a cue. */
export interface Firing {
  readonly cue: string;
  readonly version: number;
}

/** The stream events of a stream that has none damaged, one a firing: repetitions have the same version. */
export function firingsIn(stream: Uint8Array): Firing[] {
  const firings = new Map<string, Firing>();
  for (const { bytes } of checkStream(stream).sections.get(PIDS.streamEvent) ?? []) {
    const payload = decodePayload(bytes.subarray(20, -4));
    const version = (bytes[5]! >> 1) & 0x1f;
    if (payload) firings.set(`${payload.cue} ${version}`, { cue: payload.cue, version });
  }
  return [...firings.values()];
}

/** Event ids of the SCTE 35 sections of a stream, in order. */
export function eventIdsIn(stream: Uint8Array): number[] {
  const sections = checkStream(stream).sections.get(PIDS.scte35) ?? [];
  return sections.map(({ bytes }) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(27));
}

export function untilUp(encoder: Started): Promise<true> {
  return until("the encoder", () => encoder.output().includes("encoder is up") || undefined).catch((error: Error) => {
    throw new Error(`${error.message}:\n${encoder.output()}`);
  });
}
