import { PLAYLIST, SEGMENT } from "../hls.ts";
import { problem } from "../problem.ts";
import { refuse } from "../refusal.ts";
import { ANY_ORIGIN } from "./answer.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** The show's picture with its cues: the live playlist and its segments, as an encoder has made them. */
export function showHls({ hls, world }: RouteContext): RouteHandler {
  return described(HLS, async (c) => {
    const [show, file] = [pathParam(c, "show"), pathParam(c, "file")];
    const source = hls.get(show) ?? hls.get("*");
    if (!source) return problem(refuse("not_found", `this edge has no picture of "${show.slice(0, 60)}"`));
    if (file !== PLAYLIST && !SEGMENT.test(file))
      return problem(refuse("not_found", `wanted ${PLAYLIST} or a segment`));
    try {
      const body = await source.read(file);
      if (!body)
        return problem(refuse("not_found", `there is no "${file}", or not any more`), { "Cache-Control": "max-age=1" });
      return new Response(body, { headers: file === PLAYLIST ? PLAYLIST_HEADERS : SEGMENT_HEADERS });
    } catch (error) {
      world.log("warn", "the picture cannot be had", { show, file, error: String(error) });
      return problem(refuse("not_ready", "the encoder does not answer", { retryAfterS: 1 }));
    }
  });
}

/** RFC 8216, 4 and 6.2.1. A playlist is new every second; a segment's name never comes back. */
const PLAYLIST_HEADERS = {
  ...ANY_ORIGIN,
  "Content-Type": "application/vnd.apple.mpegurl",
  "Cache-Control": "max-age=1",
} as const;
const SEGMENT_HEADERS = {
  ...ANY_ORIGIN,
  "Content-Type": "video/mp2t",
  "Cache-Control": "public, max-age=3600, immutable",
} as const;

const HLS = {
  summary: "The show's picture: live.m3u8, and the segments that it names",
  tag: "receivers",
  answer: "application/vnd.apple.mpegurl",
  refusals: ["not_found", "not_ready"],
} as const;
