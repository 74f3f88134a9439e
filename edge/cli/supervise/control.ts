import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as v from "valibot";

/** What a running `up` can be asked, over a socket in its folder: a line of JSON, and a line back. */
const request = v.variant("ask", [
  v.object({ ask: v.literal("kill"), name: v.string() }),
  v.object({ ask: v.literal("status") }),
  v.object({ ask: v.literal("stop") }),
]);
export type ControlRequest = v.InferOutput<typeof request>;

const answer = v.object({ ok: v.boolean(), text: v.string() });
export type ControlAnswer = v.InferOutput<typeof answer>;

/** A path of a Unix socket has 108 bytes on Linux and 104 on macOS. */
const MAX_SOCKET_PATH = 100;

/** The socket of the network in `folder`. */
export function controlPath(folder: string): string {
  const path = join(folder, "control.sock");
  if (path.length <= MAX_SOCKET_PATH) return path;
  return join(tmpdir(), `redbutton-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}.sock`);
}

/** Listens for requests. Whoever can open the socket's file may ask: its owner. */
export function listenForControl(
  path: string,
  onrequest: (asked: ControlRequest) => Promise<ControlAnswer>,
): Promise<Server> {
  // Left by one that was killed: a living one would have answered before.
  rmSync(path, { force: true });
  const server = createServer((socket) => serve(socket, onrequest));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve(server));
  });
}

function serve(socket: Socket, onrequest: (asked: ControlRequest) => Promise<ControlAnswer>): void {
  socket.on("error", () => socket.destroy());
  const lines = createInterface({ input: socket }).on("error", () => {});
  lines.once("line", (line) => {
    void answerTo(line, onrequest).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
  });
}

async function answerTo(
  line: string,
  onrequest: (asked: ControlRequest) => Promise<ControlAnswer>,
): Promise<ControlAnswer> {
  try {
    return await onrequest(v.parse(request, JSON.parse(line)));
  } catch (error) {
    return { ok: false, text: `cannot do that: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Asks the `up` that runs in `folder`; undefined where none does. */
export function askControl(path: string, asked: ControlRequest): Promise<ControlAnswer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(`${JSON.stringify(asked)}\n`));
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(undefined));
    const lines = createInterface({ input: socket }).on("error", () => {});
    lines.once("line", (line) => resolve(v.parse(answer, JSON.parse(line))));
  });
}
