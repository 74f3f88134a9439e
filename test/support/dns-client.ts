// A DNS client of few words, for tests that ask often.
import { createSocket, type Socket } from "node:dgram";
import * as packet from "dns-packet";
import { CLIENT_SUBNET } from "../../edge/steering/dns/client-subnet.ts";

/** Time that a server may take for an answer, ms. */
const TIMEOUT_MS = 5000;

export class DnsClient {
  readonly #socket: Socket = createSocket("udp4");
  readonly #port: number;
  readonly #waiting = new Map<number, (reply: packet.DecodedPacket) => void>();
  #id = 0;

  /** Asks the server at 127.0.0.1. */
  constructor(port: number) {
    this.#port = port;
    this.#socket.on("message", (bytes: Buffer) => {
      const reply = packet.decode(bytes);
      this.#waiting.get(reply.id!)?.(reply);
      this.#waiting.delete(reply.id!);
    });
  }

  /** Addresses of type A for a client in `subnet`, an IPv4 /24 like "198.51.100". Rejects where no answer comes. */
  async addresses(name: string, subnet?: string): Promise<string[]> {
    const { answers = [] } = await this.ask(name, subnet);
    return answers.flatMap((record) => (record.type === "A" ? [record.data] : []));
  }

  ask(name: string, subnet?: string): Promise<packet.DecodedPacket> {
    this.#id = (this.#id + 1) & 0xffff;
    const id = this.#id;
    const answered = new Promise<packet.DecodedPacket>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer for "${name}" in ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      this.#waiting.set(id, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
    });
    this.#socket.send(queryBytes(id, name, subnet), this.#port, "127.0.0.1");
    return answered;
  }

  close(): void {
    this.#socket.close();
  }
}

export function queryBytes(id: number, name: string, subnet?: string): Buffer {
  const question = packet.encode({ type: "query", id, questions: [{ name, type: "A", class: "IN" }] });
  if (subnet === undefined) return question;
  const option = [0, CLIENT_SUBNET, 0, 7, 0, 1, 24, 0, ...subnet.split(".").map(Number)];
  question.writeUInt16BE(1, 10);
  return Buffer.concat([question, Buffer.of(0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, option.length, ...option)]);
}
