import { expect, test } from "vitest";
import { type HlsSource, KeptHls, MAX_KEPT, PLAYLIST, PLAYLIST_AGE_MS } from "../../../edge/hls.ts";
import { Harness, problemOf } from "./harness.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A source that has everything, and counts what it is asked for. */
class TestSource implements HlsSource {
  readonly asked: string[] = [];
  answer: (file: string) => Promise<Uint8Array<ArrayBuffer> | undefined> = (file) => Promise.resolve(bytes(file));

  read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.asked.push(file);
    return this.answer(file);
  }
}

test("a show's playlist and segments are had by pages of any origin", async () => {
  const harness = new Harness({ hls: new Map([["demo", new TestSource()]]) });
  const playlist = await harness.ask("GET", "/hls/demo/live.m3u8");
  expect(playlist.status).toBe(200);
  expect(Object.fromEntries(playlist.headers)).toMatchObject({
    "content-type": "application/vnd.apple.mpegurl",
    "cache-control": "max-age=1",
    "access-control-allow-origin": "*",
  });
  const segment = await harness.ask("GET", "/hls/demo/mwwj3psx-12.ts");
  expect(segment.headers.get("content-type")).toBe("video/mp2t");
  expect(segment.headers.get("cache-control")).toContain("immutable");
  expect(await segment.text()).toBe("mwwj3psx-12.ts");
});

test("another show has the picture of all others, or none", async () => {
  const none = new Harness({ hls: new Map([["demo", new TestSource()]]) });
  expect((await none.ask("GET", "/hls/other/live.m3u8")).status).toBe(404);
  const all = new Harness({ hls: new Map([["*", new TestSource()]]) });
  expect((await all.ask("GET", "/hls/other/live.m3u8")).status).toBe(200);
});

test.for(["..%2f..%2fetc%2fpasswd", "key.pem", "live.m3u8.tmp", "A-1.ts", "x-1.ts.exe"])(
  "no other file is ever asked for: %s",
  async (file) => {
    const source = new TestSource();
    const harness = new Harness({ hls: new Map([["demo", source]]) });
    expect((await harness.ask("GET", `/hls/demo/${file}`)).status).toBe(404);
    expect(source.asked).toEqual([]);
  },
);

test("an encoder that does not answer is a 503, and a segment that is gone a 404", async () => {
  const source = new TestSource();
  const harness = new Harness({ hls: new Map([["demo", source]]) });
  source.answer = () => Promise.resolve(undefined);
  expect((await harness.ask("GET", "/hls/demo/x-1.ts")).status).toBe(404);
  source.answer = () => Promise.reject(new Error("connection refused"));
  const response = await harness.ask("GET", "/hls/demo/live.m3u8");
  expect(response.status).toBe(503);
  expect(await problemOf(response)).toMatchObject({ code: "not_ready" });
});

test("however many receivers ask, the encoder is asked once for a segment and four times a second for the playlist", async () => {
  let now = 0;
  const source = new TestSource();
  const kept = new KeptHls(source, () => now);
  await Promise.all(Array.from({ length: 100 }, () => Promise.all([kept.read("x-1.ts"), kept.read(PLAYLIST)])));
  expect(source.asked).toEqual(["x-1.ts", PLAYLIST]);
  now = PLAYLIST_AGE_MS;
  await Promise.all([kept.read("x-1.ts"), kept.read(PLAYLIST)]);
  expect(source.asked).toEqual(["x-1.ts", PLAYLIST, PLAYLIST]);
  for (let i = 0; i < MAX_KEPT; i++) await kept.read(`y-${i}.ts`);
  await kept.read("x-1.ts");
  expect(source.asked.filter((file) => file === "x-1.ts")).toHaveLength(2);
});

test("what failed is asked for again", async () => {
  const source = new TestSource();
  const kept = new KeptHls(source, () => 0);
  source.answer = () => Promise.reject(new Error("refused"));
  await expect(kept.read("x-1.ts")).rejects.toThrow("refused");
  source.answer = (file) => Promise.resolve(bytes(file));
  await expect(kept.read("x-1.ts")).resolves.toEqual(bytes("x-1.ts"));
});

test("the event file says where in the broadcast the cue is", async () => {
  const harness = new Harness();
  const response = await harness.ask("GET", "/hbbtv/cue.xml");
  expect(response.headers.get("content-type")).toBe("application/vnd.dvb.streamevent+xml");
  const file = await response.text();
  expect(file).toContain(`<dsmcc_object component_tag="40">`);
  expect(file).toContain(`<stream_event stream_event_id="1" stream_event_name="cue"/>`);
  const other = await harness.ask("GET", "/hbbtv/cue.xml?component_tag=5c");
  expect(await other.text()).toContain(`component_tag="5c"`);
  expect((await harness.ask("GET", "/hbbtv/cue.xml?component_tag=%22%3E")).status).toBe(400);
});
