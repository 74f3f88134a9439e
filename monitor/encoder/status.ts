import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { PLAYLIST_NAME } from "./hls/folder.ts";
import type { Placed } from "./placed.ts";

/** How an encoder is. */
export interface EncoderHealth {
  readonly ok: boolean;
  readonly problems: readonly string[];
}

export interface StatusOptions {
  readonly host: string;
  readonly port: number;
  /** Folder of the live playlist, where there is one. */
  readonly hls?: string;
}

const SEGMENT = /^[a-z0-9]+-\d+\.ts$/;

/** Answers /healthz, what has gone into the signal at /cues, and for edges on other machines the live playlist and its segments. */
export function serveStatus(
  { host, port, hls }: StatusOptions,
  health: () => EncoderHealth,
  placed: Placed,
): Promise<Server> {
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    if (request.method === "GET" && name === "healthz") {
      const state = health();
      response.writeHead(state.ok ? 200 : 503, { "Content-Type": "application/json" }).end(JSON.stringify(state));
      return;
    }
    if (request.method === "GET" && name === "cues") {
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ cues: placed.list() }));
      return;
    }
    const isPlaylist = name === PLAYLIST_NAME;
    if (request.method !== "GET" || hls === undefined || !(isPlaylist || SEGMENT.test(name)))
      return void response.writeHead(404).end();
    const type = isPlaylist ? "application/vnd.apple.mpegurl" : "video/mp2t";
    readFile(join(hls, name)).then(
      (body) => response.writeHead(200, { "Content-Type": type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`listening on "${host}:${port}": ${error.message}`)));
    server.listen({ host, port }, () => resolve(server));
  });
}
