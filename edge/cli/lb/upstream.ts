import { Agent, request as requestPlain, type ClientRequest } from "node:http";
import { Agent as TlsAgent, request as requestTls } from "node:https";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { Candidate } from "../../steering/candidate.ts";

/** An edge that does not take a connection in this time is not there, ms: over TLS, its certificate included. */
export const CONNECT_TIMEOUT_MS = 1000;
/** Idle connections with edges are closed before an edge does so, and takes a request with it, ms. */
const IDLE_MS = 30_000;
const KEPT = { keepAlive: true, maxFreeSockets: 256, timeout: IDLE_MS };

/** A request's first line and headers. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: string[];
}

/** Connections with edges: plain ones, and such over TLS where an edge's address begins with "https:". */
export class Upstream {
  readonly #plain = new Agent(KEPT);
  readonly #tls = new TlsAgent(KEPT);

  /** A request to an edge, its body still to be sent. */
  request(edge: Candidate, head: RequestHead): ClientRequest {
    const { isTls, ...at } = endOf(edge);
    const options = { ...at, ...head, setDefaultHeaders: false };
    return isTls ? requestTls({ ...options, agent: this.#tls }) : requestPlain({ ...options, agent: this.#plain });
  }

  /** Forgets the connections that are kept. */
  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}

/** A connection of its own with an edge, for a tunnel; "timeout" where it is not there in time. */
export function connectEdge(edge: Candidate): Socket {
  const { isTls, ...at } = endOf(edge);
  const options = { ...at, timeout: CONNECT_TIMEOUT_MS };
  return isTls ? connectTls({ ...options, ALPNProtocols: ["http/1.1"] }) : connectPlain(options);
}

/** Runs `then` once bytes may be sent: over TLS, when the edge has shown that it is the one at its address. */
export function whenConnected(socket: Socket, then: () => void): void {
  if (!socket.connecting) then();
  else socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", then);
}

/** Where an edge is. The certificate has to be for its address, whatever name the receiver asked for. */
function endOf({ address }: Candidate) {
  const { protocol, hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, "");
  const isTls = protocol === "https:";
  // RFC 6066, 3: an IP address is no server name.
  const servername = isIP(host) === 0 ? host : "";
  return { isTls, host, servername, port: port === "" ? (isTls ? 443 : 80) : Number(port) };
}
