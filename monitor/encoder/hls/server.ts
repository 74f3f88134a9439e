import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { PLAYLIST_NAME } from "./folder.ts";

const SEGMENT = /^[a-z0-9]+-\d+\.ts$/;

/** Serves a folder's playlist and segments, and nothing else, to edges on other machines. */
export function serveHls(
  folder: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Server> {
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    const isPlaylist = name === PLAYLIST_NAME;
    if (request.method !== "GET" || !(isPlaylist || SEGMENT.test(name))) return void response.writeHead(404).end();
    readFile(join(folder, name)).then(
      (body) =>
        response
          .writeHead(200, { "Content-Type": isPlaylist ? "application/vnd.apple.mpegurl" : "video/mp2t" })
          .end(body),
      () => response.writeHead(404).end(),
    );
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`serving HLS on "${host}:${port}": ${error.message}`)));
    server.listen({ host, port }, () => resolve(server));
  });
}
