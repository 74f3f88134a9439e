// What Deno alone costs: `Deno.serve` answering a ballot's request, and echoing WebSocket frames. Prints {"port"}.
import { bareAnswer } from "../support/bare.ts";
import { endWithParent, programArgs, tellParent } from "../support/program.ts";
import { receiverKey } from "../support/tokens.ts";

const { secret } = programArgs<{ secret: string }>();
const key = receiverKey(secret);
endWithParent();

Deno.serve(
  { hostname: "127.0.0.1", port: 0, tcpBacklog: 4096, onListen: ({ port }) => tellParent({ port }) },
  async (request) => {
    if (request.headers.get("upgrade") === "websocket") return echo(request);
    const { status, text } = bareAnswer(key, request.headers.get("authorization"), await request.text());
    return new Response(text, { status, headers: { "Content-Type": "application/json" } });
  },
);

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data as string);
  return response;
}
