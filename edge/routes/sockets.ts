import type { Context } from "hono";
import type { Socket } from "../../crdt/ports.ts";
import { boardName, talliesName } from "../../crdt/documents.ts";
import { problem } from "../problem.ts";
import { isRefusal, refuse, type Refusal } from "../refusal.ts";
import type { ShowService } from "../service.ts";
import { Session, type KeptSession } from "../session.ts";
import { bearer } from "../tokens.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** A receiver's WebSocket: see `Session` for what is said on it. */
export function joinLive(context: RouteContext): RouteHandler {
  return described(LIVE, (c) => {
    const show = context.edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    const refusal = refusePlainRequest(c);
    if (refusal) return problem(refusal);
    return context.upgrade(c, (socket) => void openSession(context, show, socket));
  });
}

/** Goes on with a socket that outlived its program, as it was kept. Refused as a new one would be. */
export function resumeSession(
  context: RouteContext,
  socket: Socket,
  { show: id, receiver }: KeptSession,
): Refusal | undefined {
  const show = context.edge.show(id);
  if (isRefusal(show)) return show;
  openSession(context, show, socket).resume(receiver);
  return undefined;
}

function openSession(context: RouteContext, show: ShowService, socket: Socket): Session {
  const { world, tokens, casting, limits, feeds, sessions, sockets } = context;
  const about = { world, tokens, casting, limit: limits.messagesPerSocket, feed: feeds.of(show), sockets };
  const session = new Session(socket, about, (closed) => sessions.delete(closed));
  sessions.add(session);
  return session;
}

/** A document of a show for readers: the address suits the stock y-websocket provider, room name `<show>/<kind>`. */
export function joinRoom({ edge, tokens, rooms, upgrade }: RouteContext, kind: "board" | "tallies"): RouteHandler {
  const nameOf = kind === "board" ? boardName : talliesName;
  return described(ROOM, (c) => {
    const id = pathParam(c, "show");
    const reader = tokens.operatorAs(c.req.query("token") ?? bearer(c.req.raw.headers), "reader", id);
    if (isRefusal(reader)) return problem(reader);
    const show = edge.show(id);
    if (isRefusal(show)) return problem(show);
    const refusal = refusePlainRequest(c);
    if (refusal) return problem(refusal);
    return upgrade(c, (socket) => rooms.of(nameOf(id), show.document(kind)).join(socket, reader));
  });
}

function refusePlainRequest(c: Context): Refusal | undefined {
  if (c.req.header("Upgrade")?.toLowerCase() === "websocket") return undefined;
  return refuse("malformed", "this address takes WebSockets only (RFC 6455), and the request asks for none");
}

const LIVE = {
  summary: "A receiver's WebSocket: hello with its token, ballots and receipts, content as it changes",
  tag: "receivers",
  query: { shard: "The receiver's shard, where steering has to know it: a refusal `wrong_shard` told it" },
  status: 101,
  refusals: ["malformed", "unknown_show", "not_ready"],
} as const;

const ROOM = {
  summary: "A show's document by the y-websocket protocol, to read only",
  tag: "readers",
  token: "reader",
  query: { token: "The token, as browsers cannot send a header with a WebSocket" },
  status: 101,
  refusals: ["malformed", "token_missing", "token_invalid", "token_expired", "forbidden", "unknown_show", "not_ready"],
} as const;
