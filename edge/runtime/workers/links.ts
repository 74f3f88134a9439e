import type { Dial, Socket } from "../../../crdt/ports.ts";
import { LINK_PATH } from "../host/door.ts";
import type { EdgeObject } from "./edge-object.ts";
import type { Env } from "./env.ts";
import { OBJECT_SCHEME, ORDERS, RECORDER } from "./members.ts";
import type { ProcessObject } from "./process-object.ts";
import type { LocationHint, Settings } from "./settings.ts";
import { socketOf } from "./socket.ts";

/** Below it stand the links of each object: `/backbone/NAME/link`. */
export const BACKBONE_PATH = "/backbone/";
/** Longest wait for a link to be taken, ms. */
const DIAL_TIMEOUT_MS = 5000;

/** Dials objects by their name, and members elsewhere by their address. An open socket keeps the dialling object awake. */
export function dialFrom(env: Env, settings: Settings): Dial {
  return async (address) => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), DIAL_TIMEOUT_MS);
    const response = await request(env, settings, address, abort.signal);
    // From here on the signal would end the socket itself.
    clearTimeout(timer);
    const ws = response.webSocket;
    if (!ws) throw new Error(`dialing "${address}": got HTTP ${response.status}, wanted a WebSocket`);
    ws.binaryType = "arraybuffer";
    ws.accept();
    return socketOf(ws);
  };
}

function request(env: Env, settings: Settings, address: string, signal: AbortSignal): Promise<Response> {
  const init = { headers: { Upgrade: "websocket" }, signal };
  if (!address.startsWith(OBJECT_SCHEME)) return fetch(address.replace(/^ws/, "http"), init);
  const name = address.slice(OBJECT_SCHEME.length);
  const object = name === RECORDER.name ? recorderStub(env) : edgeStub(env, settings, name);
  return object.fetch(`http://object${BACKBONE_PATH}${name}${LINK_PATH}`, init);
}

export function recorderStub({ RECORDER: objects }: Env): DurableObjectStub<ProcessObject> {
  return objects.get(objects.idFromName(RECORDER.name));
}

export function ordersStub({ ORDERS: objects }: Env): DurableObjectStub<ProcessObject> {
  return objects.get(objects.idFromName(ORDERS.name));
}

/** An edge object by its name; where it is new it is made in its region. */
export function edgeStub(env: Env, { regions }: Settings, name: string): DurableObjectStub<EdgeObject> {
  let place = places.get(name);
  if (!place) {
    const hint = regions.find((region) => name.startsWith(`${region.name}-`))?.hint;
    place = { id: env.EDGES.idFromName(name), options: hint ? { locationHint: hint } : {} };
    places.set(name, place);
  }
  return env.EDGES.get(place.id, place.options);
}

/** Of each object, for the isolate's life: an id is a hash of its name. */
const places = new Map<string, { id: DurableObjectId; options: { locationHint?: LocationHint } }>();

/** Answers a request with a WebSocket that keeps its object awake: a link, or a reader. */
export function acceptSocket(accept: (socket: Socket) => void): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.binaryType = "arraybuffer";
  // First, since whoever takes the socket says hello at once; what comes in waits for this turn's end.
  server.accept();
  accept(socketOf(server));
  return new Response(null, { status: 101, webSocket: client });
}
