import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PlaylistReader } from "../../../edge/cli/signal/playlist.ts";
import { payloadText, type Payload } from "../../../monitor/encoder/payload.ts";

const CUE: Payload = {
  show: "final",
  cue: "e1e58d3eb804f398",
  message: { kind: "text", text: "10,000 have voted" },
  firedAt: 1_000_000,
  durationMs: 10_000,
};
const RANGE = `#EXT-X-DATERANGE:ID="1",START-DATE="2026-11-26T02:27:32.095Z",X-REDBUTTON-CUE="${encodeURIComponent(payloadText(CUE))}"`;

let server: Server;
let reader: PlaylistReader;
/** What the server has to say. */
let playlist: string | undefined;

beforeEach(async () => {
  playlist = undefined;
  server = createServer((_request, response) => {
    if (playlist === undefined) response.writeHead(404).end();
    else response.end(playlist);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  reader = PlaylistReader.follow(`http://127.0.0.1:${(server.address() as AddressInfo).port}/live.m3u8`);
});

afterEach(() => {
  reader.close();
  server.close();
});

function live(...lines: string[]): string {
  return ["#EXTM3U", "#EXT-X-TARGETDURATION:1", ...lines, "#EXTINF:1,", "live-30.ts", ""].join("\n");
}

test("a cue that has left the playlist with its segment was seen all the same", async () => {
  for (const version of [live(), live(RANGE), live()]) {
    playlist = version;
    await reader.read();
  }
  expect(reader.versions).toContainEqual([CUE]);
  expect(reader.versions.at(-1)).toEqual([]);
});

test("a playlist that is not there yet says so to whoever asks, and is read by itself once it is", async () => {
  await expect(reader.read()).rejects.toThrow(/live\.m3u8": got 404/);
  playlist = live(RANGE);
  await expect.poll(() => reader.versions, { timeout: 10_000 }).toContainEqual([CUE]);
});
