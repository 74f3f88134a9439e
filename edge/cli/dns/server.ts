import { createSocket, type RemoteInfo, type Socket as UdpSocket, type SocketOptions } from "node:dgram";
import { lookup } from "node:dns";
import { createServer, isIP, type AddressInfo, type Server, type Socket } from "node:net";

/** From a packet to its answer; undefined where nothing is to be sent. */
export interface Respond {
  (bytes: Buffer, client: string, transport: "udp" | "tcp"): Buffer | undefined;
}

export interface DnsListener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Connections that are idle for so long are closed (RFC 7766, 6.2.3: some seconds), ms. */
export const TCP_IDLE_MS = 10_000;
/** Open TCP connections: resolvers keep few, and each costs some 10 kB. */
export const MAX_TCP_CONNECTIONS = 1000;
/** Bytes of a query over TCP: a name, and options. */
export const MAX_TCP_QUERY_BYTES = 2048;
/** Answers that one connection may leave unread, bytes. */
const MAX_TCP_WAITING_BYTES = 256 * 1024;
/** Packets wait here while we work; 4 MB are some 20,000 (Linux caps it at net.core.rmem_max). */
const UDP_BUFFER_BYTES = 4 * 1024 * 1024;

/** Listens over UDP and TCP at one address and port. Port 0 takes one that is free for both. */
export async function listenDns(host: string, port: number, respond: Respond): Promise<DnsListener> {
  const tcp = await listenTcp(host, port, respond);
  const bound = tcp.server.address() as AddressInfo;
  try {
    const udp = await listenUdp(host, bound.port, respond);
    return { host, port: bound.port, close: () => Promise.all([closeUdp(udp), tcp.close()]).then(() => {}) };
  } catch (error) {
    await tcp.close();
    throw error;
  }
}

function listenUdp(host: string, port: number, respond: Respond): Promise<UdpSocket> {
  const family = host.includes(":") ? "udp6" : "udp4";
  const socket = createSocket({ type: family, ipv6Only: family === "udp6", lookup: lookupAtOnce });
  socket.on("message", (bytes: Buffer, { address, port: from }: RemoteInfo) => {
    const reply = respond(bytes, address, "udp");
    if (reply) socket.send(reply, from, address);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => reject(new Error(`listening on "${host}:${port}" (UDP): ${error.message}`)));
    socket.bind(port, host, () => {
      // A client that has gone is no news.
      socket.removeAllListeners("error").on("error", () => {});
      socket.setRecvBufferSize(UDP_BUFFER_BYTES);
      resolve(socket);
    });
  });
}

/** Whom we answer is named by an address: without this, Node resolves it as a name, later, for each answer. */
const lookupAtOnce: NonNullable<SocketOptions["lookup"]> = (host, options, callback) => {
  const family = isIP(host);
  if (family === 0) lookup(host, options, callback);
  else callback(null, host, family);
};

function closeUdp(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

async function listenTcp(host: string, port: number, respond: Respond) {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    serveTcp(socket, respond);
  });
  server.maxConnections = MAX_TCP_CONNECTIONS;
  await bindTcp(server, host, port);
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroySoon();
    await closed;
  };
  return { server, close };
}

function bindTcp(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`listening on "${host}:${port}" (TCP): ${error.message}`)));
    server.listen({ host, port, ipv6Only: host.includes(":") }, () => resolve());
  });
}

/** Queries with two bytes of length before each, any number of them (RFC 7766). */
function serveTcp(socket: Socket, respond: Respond): void {
  const client = socket.remoteAddress ?? "";
  let waiting: Buffer = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (part: Buffer) => {
    waiting = waiting.length === 0 ? part : Buffer.concat([waiting, part]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const end = 2 + waiting.readUInt16BE(0);
      answerTcp(socket, respond(waiting.subarray(2, end), client, "tcp"));
      waiting = waiting.subarray(end);
    }
    const isTooLong = waiting.length >= 2 && waiting.readUInt16BE(0) > MAX_TCP_QUERY_BYTES;
    if (isTooLong || socket.writableLength > MAX_TCP_WAITING_BYTES) socket.destroy();
  });
}

function answerTcp(socket: Socket, reply: Buffer | undefined): void {
  // What is no query: nobody who speaks DNS sent it.
  if (!reply) return void socket.destroy();
  const length = Buffer.alloc(2);
  length.writeUInt16BE(reply.length);
  socket.write(Buffer.concat([length, reply]));
}
