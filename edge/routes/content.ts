import type { Context } from "hono";
import { ContentBody } from "../answers.ts";
import { PICTURE_HASH, PICTURE_TYPES, pictureType } from "../picture.ts";
import { problem } from "../problem.ts";
import { isRefusal, refuse, type Refusal } from "../refusal.ts";
import type { ShowService } from "../service.ts";
import { bearer } from "../tokens.ts";
import { ANY_ORIGIN, jsonAnswer } from "./answer.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** The one address that a receiver without a WebSocket lives on. One that shows its token is noted as present. */
export function showContent(context: RouteContext): RouteHandler {
  const { edge, feeds } = context;
  return described(CONTENT, async (c) => {
    const show = edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    const unknown = await arrive(context, c, show);
    if (unknown) return problem(unknown);
    const feed = feeds.of(show);
    // Weak (RFC 9110, 8.8.1): the time and the next poll in the body differ from answer to answer.
    const headers = { ...ANY_ORIGIN, ...CACHING, ETag: `W/"${feed.tag}"` };
    if (matches(c.req.header("If-None-Match"), headers.ETag)) return new Response(null, { status: 304, headers });
    return jsonAnswer(feed.body(), 200, headers);
  });
}

/** A CDN in front takes the load of those who only look; what they see is at most 6 s old. */
const CACHING = {
  "Cache-Control": "max-age=1, stale-while-revalidate=5",
  "Access-Control-Expose-Headers": "ETag",
} as const;

async function arrive({ tokens }: RouteContext, c: Context, show: ShowService): Promise<Refusal | undefined> {
  const token = bearer(c.req.raw.headers);
  if (token === undefined) return undefined;
  const receiver = await tokens.receiver(token);
  if (isRefusal(receiver)) return receiver;
  show.arrive(receiver.subject, receiver.signed);
  return undefined;
}

/** RFC 9110, 13.1.2, by the weak comparison. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((tag) => opaque(tag) === opaque(etag));
}

/** A published picture. Its name is its hash, so it never changes; whatever is in it, it runs nothing. */
export function showPicture({ edge }: RouteContext): RouteHandler {
  return described(PICTURE, (c) => {
    const show = edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    const hash = pathParam(c, "hash");
    const bytes = PICTURE_HASH.test(hash) ? show.picture(hash) : undefined;
    const type = bytes && pictureType(bytes);
    if (!bytes || !type) return problem(refuse("unknown_content", `the show has no picture "${hash.slice(0, 64)}"`));
    return new Response(Uint8Array.from(bytes), { headers: { ...PICTURE_HEADERS, "Content-Type": type } });
  });
}

const PICTURE_HEADERS = {
  ...ANY_ORIGIN,
  "Cache-Control": "public, max-age=31536000, immutable",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; sandbox",
  "Cross-Origin-Resource-Policy": "cross-origin",
} as const;

const CONTENT = {
  summary: "What receivers show now: polls, pages, pictures, and the results that everyone may see",
  tag: "receivers",
  answer: ContentBody,
  refusals: ["token_invalid", "token_expired", "forbidden", "unknown_show", "not_ready", "clock_untrusted"],
} as const;

const PICTURE = {
  summary: "A published picture",
  tag: "receivers",
  answer: PICTURE_TYPES.join(),
  refusals: ["unknown_show", "unknown_content", "not_ready"],
} as const;
