// What Node alone costs: node:http answering a ballot's request, and `ws` echoing WebSocket frames. Prints {"port"}.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type RawData } from "ws";
import { bareAnswer } from "../support/bare.ts";
import { endWithParent, programArgs, tellParent } from "../support/program.ts";
import { receiverKey } from "../support/tokens.ts";

const { secret } = programArgs<{ secret: string }>();
const key = receiverKey(secret);
endWithParent();

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    const { status, text } = bareAnswer(key, request.headers.authorization, body);
    response.writeHead(status, { "Content-Type": "application/json", "Content-Length": text.length }).end(text);
  });
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (ws) =>
  ws.on("message", (data: RawData, isBinary) => ws.send(data as Buffer, { binary: isBinary })),
);
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () =>
  tellParent({ port: (server.address() as AddressInfo).port }),
);
