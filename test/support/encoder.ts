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

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What is sent instead of these packets; `n` counts the datagrams. */
export type Wrap = (packets: Uint8Array, n: number) => Uint8Array;

/** RTP of a transport stream (RFC 3550, 5.1; RFC 2250): payload type 33, and more of a header where it is asked for. */
export function rtp({ sources = 0, extensionWords }: { sources?: number; extensionWords?: number } = {}): Wrap {
  const extension = extensionWords === undefined ? 0 : 4 + 4 * extensionWords;
  const header = new Uint8Array(12 + 4 * sources + extension);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x80 | (extension > 0 ? 0x10 : 0) | sources);
  view.setUint8(1, 33);
  view.setUint32(8, 0xcafe);
  if (extension > 0) view.setUint16(12 + 4 * sources + 2, extensionWords!);
  return (packets, n) => {
    view.setUint16(2, n & 0xffff);
    view.setUint32(4, (n * 100) >>> 0);
    return concatenated([header, packets]);
  };
}

/** Why processes cannot send to each other by multicast on this machine's loopback interface; undefined where they can. */
export async function whyNoMulticast(): Promise<string | undefined> {
  const group = "239.255.77.1";
  const [receiver, sender] = [createSocket({ type: "udp4", reuseAddr: true }), createSocket("udp4")];
  try {
    receiver.bind(0, group);
    await once(receiver, "listening");
    receiver.addMembership(group, HOST);
    const came = once(receiver, "message", { signal: AbortSignal.timeout(MULTICAST_TRIAL_MS) });
    sender.bind(0);
    await once(sender, "listening");
    sender.setMulticastInterface(HOST);
    sender.send("?", receiver.address().port, group);
    await came;
    return undefined;
  } catch (error) {
    return `multicast over the loopback interface: ${String(error)}`;
  } finally {
    receiver.close();
    sender.close();
  }
}

/** A datagram to oneself takes no time; a machine that hangs may. */
const MULTICAST_TRIAL_MS = 10_000;

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
    this.sendPictureTo(ports.map((port) => ({ host: HOST, port })));
  }

  /** The same to other addresses, each datagram wrapped as asked for; to a multicast group over the loopback interface. */
  sendPictureTo(addresses: readonly Address[], wrapped: Wrap = (packets) => packets): void {
    const stream = new LoopedStream(picture());
    const socket = createSocket("udp4");
    socket.bind(0, () => socket.setMulticastInterface(HOST));
    const began = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * 27_000) / stream.ticksAPacket);
      for (; sent < due; sent += 7) {
        const packets = new Uint8Array(7 * PACKET_BYTES);
        stream.read(packets, 0, 7);
        const datagram = wrapped(packets, sent / 7);
        for (const { host, port } of addresses) socket.send(datagram, port, host);
      }
    }, 10);
    this.#closing.push(() => (clearInterval(timer), socket.close()));
  }

  /** Listens to UDP, to a multicast group where one is named. */
  async listen(group?: Address): Promise<Listening> {
    const listening = await Listening.open(group);
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

  static async open(group?: Address): Promise<Listening> {
    const socket = createSocket({ type: "udp4", reuseAddr: group !== undefined });
    socket.bind(group?.port ?? 0, group?.host ?? HOST);
    await once(socket, "listening");
    if (group) socket.addMembership(group.host, HOST);
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
