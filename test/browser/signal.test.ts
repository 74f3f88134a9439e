// Cues in a real browser, read by players that are not ours: mpegts.js from the transport stream, hls.js from the HLS.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { basename } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { cueOf } from "../support/cues.ts";
import { describeInBrowser, openBrowser } from "../support/browser.ts";
import { EncoderGround, HOST, untilUp } from "../support/encoder.ts";
import { PICTURE_FILE } from "../support/inserter.ts";
import { endAll, type Started, until } from "../support/processes.ts";

const packageFile = createRequire(import.meta.url).resolve;
const SCRIPTS: Readonly<Record<string, string>> = {
  "/mpegts.js": packageFile("mpegts.js/dist/mpegts.js"),
  "/hls.js": packageFile("hls.js/dist/hls.js"),
};

/** What a player found. */
interface Found {
  readonly kind: "id3" | "scte35" | "range" | "error";
  readonly pts: number;
  readonly text: string;
}

/** A page that plays the transport stream, and one that plays the HLS; each gathers what it finds in `window.found`. */
const MPEGTS_PAGE = `<video muted></video><script src="/mpegts.js"></script><script>
  window.found = [];
  const video = document.querySelector("video");
  const text = (bytes) => new TextDecoder().decode(bytes);
  const player = mpegts.createPlayer({ type: "mse", isLive: true, url: "/live" }, { enableWorker: false });
  player.on(mpegts.Events.TIMED_ID3_METADATA_ARRIVED, ({ pts, data }) => found.push({ kind: "id3", pts, text: text(data) }));
  player.on(mpegts.Events.SCTE35_METADATA_ARRIVED, ({ pts, data }) => found.push({ kind: "scte35", pts, text: text(data) }));
  player.on(mpegts.Events.ERROR, (...what) => found.push({ kind: "error", pts: 0, text: JSON.stringify(what) }));
  player.attachMediaElement(video);
  player.load();
  player.play().catch(() => {});
</script>`;
const HLS_PAGE = `<video muted></video><script src="/hls.js"></script><script>
  window.found = [];
  let init = 0;
  const hls = new Hls({ enableWorker: false, liveSyncDurationCount: 2 });
  hls.on(Hls.Events.INIT_PTS_FOUND, (_, { initPTS, timescale }) => (init = (initPTS * 90000) / timescale));
  hls.on(Hls.Events.FRAG_PARSING_METADATA, (_, { samples }) => {
    for (const { pts, data } of samples)
      found.push({ kind: "id3", pts: Math.round(pts * 90000 + init), text: new TextDecoder().decode(data) });
  });
  hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
    for (const range of Object.values(details.dateRanges))
      found.push({ kind: "range", pts: range.duration, text: decodeURIComponent(range.attr["X-REDBUTTON-CUE"]) });
  });
  hls.on(Hls.Events.ERROR, (_, { fatal, details }) => fatal && found.push({ kind: "error", pts: 0, text: details }));
  hls.loadSource("/hls/live.m3u8");
  hls.attachMedia(document.querySelector("video"));
  document.querySelector("video").play().catch(() => {});
</script>`;

describeInBrowser("cues in a browser", () => {
  const ground = new EncoderGround();
  const viewers = new Set<ServerResponse>();
  const stream = createSocket("udp4");
  let server: Server;
  let address: string;
  let browser: BrowserContext;
  let encoder: Started;
  let port: number;

  beforeAll(async () => {
    [port] = (await freePorts(1)) as [number];
    stream.bind(0, HOST);
    await once(stream, "listening");
    stream.on("message", (datagram) => viewers.forEach((viewer) => viewer.write(datagram)));
    server = createServer((request, response) => serve(request.url ?? "", response));
    server.listen(0, HOST);
    await once(server, "listening");
    const at = server.address();
    address = `http://${HOST}:${typeof at === "object" && at ? at.port : 0}`;
    const out = `udp://${HOST}:${stream.address().port}`;
    encoder = ground.start("a", { in: `loop:${PICTURE_FILE}`, out, listen: `${HOST}:${port}`, hls: "hls" });
    await untilUp(encoder);
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await endAll();
    server.closeAllConnections();
    server.close();
    stream.close();
    ground.end();
  });

  function serve(path: string, response: ServerResponse): void {
    const script = SCRIPTS[path];
    if (script !== undefined)
      return void response.writeHead(200, { "Content-Type": "text/javascript" }).end(readFileSync(script));
    if (path === "/live") {
      response.writeHead(200, { "Content-Type": "video/mp2t" });
      viewers.add(response);
      response.on("close", () => viewers.delete(response));
      return;
    }
    const file = ground.path(`hls/${basename(path)}`);
    if (path.startsWith("/hls/") && existsSync(file)) return void response.writeHead(200).end(readFileSync(file));
    const page = { "/mpegts": MPEGTS_PAGE, "/hlspage": HLS_PAGE }[path];
    if (page === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(page);
  }

  /** A page whose picture plays. */
  async function playing(path: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(address + path);
    await until("the picture", () => timeIn(page).then((time) => time > 0), 60_000);
    return page;
  }

  const timeIn = (page: Page) => page.evaluate<number>(`document.querySelector("video").currentTime`);
  const foundIn = (page: Page) => page.evaluate<Found[]>("window.found");

  /** The PTS under which the encoder says that it put a cue, 90 kHz. */
  async function ptsOf(eventId: number): Promise<number> {
    const line = new RegExp(` eventId=${eventId} pts=(\\d+)`);
    return until("the encoder's line", () => Number(line.exec(encoder.output())?.[1] ?? 0));
  }

  test("mpegts.js has each cue once, by ID3 and by SCTE 35, at the PTS that it was given", async () => {
    const page = await playing("/mpegts");
    await ground.automation(port).inject(cueOf(1));
    const shown = await timeIn(page);
    await until("other pictures", async () => (await timeIn(page)) > shown + 0.3);
    await ground.automation(port).inject(cueOf(2));
    const found = await until("both cues", async () => {
      const all = await foundIn(page);
      return (
        all.filter(({ kind }) => kind === "id3").length >= 2 &&
        all.filter(({ kind }) => kind === "scte35").length >= 2 &&
        all
      );
    });
    const origins = [1, 2].map(async (n) => {
      const its = found.filter(({ text }) => text.includes(`"${n} viewers"`));
      expect(its.map(({ kind }) => kind).toSorted()).toEqual(["id3", "scte35"]);
      const tag = its.find(({ kind }) => kind === "id3")!;
      expect(tag.text).toContain("redbutton.cue");
      // It gives milliseconds from its first picture on.
      return (await ptsOf(n + 1)) / 90 - tag.pts;
    });
    const [first, second] = await Promise.all(origins);
    expect(await ptsOf(3)).toBeGreaterThan(await ptsOf(2));
    expect(Math.abs(first! - second!)).toBeLessThanOrEqual(1);
    expect(found.filter(({ kind }) => kind === "error")).toEqual([]);
    await page.close();
  });

  test("hls.js has each cue by the playlist first, with its duration, and then by ID3 at its very PTS", async () => {
    const page = await playing("/hlspage");
    for (const n of [3, 4]) await ground.automation(port).inject(cueOf(n));
    const found = await until("both cues", async () => {
      const all = await foundIn(page);
      return (
        [3, 4].every((n) => all.some(({ kind, text }) => kind === "id3" && text.includes(`"${n} viewers"`))) && all
      );
    });
    for (const n of [3, 4]) {
      const its = found.filter(({ text }) => text.includes(`"${n} viewers"`));
      expect(its[0]).toMatchObject({ kind: "range", pts: 8 });
      const tags = its.filter(({ kind }) => kind === "id3");
      expect(tags).toHaveLength(1);
      expect(Math.abs(tags[0]!.pts - (await ptsOf(n + 1)))).toBeLessThan(2);
    }
    expect(found.filter(({ kind }) => kind === "error")).toEqual([]);
    await page.close();
  });
});
