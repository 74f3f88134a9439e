import type { ContentItem } from "../../crdt/content.ts";
import { ContentItemBody } from "../answers.ts";
import { MAX_PICTURE_BYTES, pictureHash, pictureType, PICTURE_TYPES, type PictureType } from "../picture.ts";
import { problem } from "../problem.ts";
import { isRefusal, refuse, type Refusal } from "../refusal.ts";
import { check, PageBody, PictureQuery, Slug } from "../schemas.ts";
import { contentItemBody } from "../view.ts";
import { answer, PRODUCERS } from "./answer.ts";
import { readBytes } from "./body.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";
import { BODY_REFUSALS, DEED_REFUSALS } from "./refusals.ts";
import { readJson, withRole } from "./shows.ts";
import * as v from "valibot";

/** Bytes of a page in JSON: its text, with room for what JSON escapes. */
export const MAX_PAGE_BYTES = 64 * 1024;

/** Publishes a page of text, or replaces what stood under its id. */
export function publishPage(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) => {
    const id = check(Id, { id: pathParam(c, "id") }, "reading the address");
    if (isRefusal(id)) return problem(id);
    const page = await readJson(c.req.raw, MAX_PAGE_BYTES, PageBody, "reading the page");
    if (isRefusal(page)) return problem(page);
    const item: ContentItem = { ...id, ...page, at: context.world.clock.now() };
    return published(show.definition.id, await show.deeds.publish(item, undefined, subject));
  });
  return described(PAGE, handler);
}

/** Takes a page, a picture or a lower third off the screens. */
export function withdrawContent(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) =>
    published(show.definition.id, await show.deeds.withdraw(pathParam(c, "id"), subject)),
  );
  return described(WITHDRAW, handler);
}

/** Publishes a picture, or replaces what stood under its id. The bytes decide what it is, not what it is called. */
export function publishPicture(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) => {
    const id = check(Id, { id: pathParam(c, "id") }, "reading the address");
    if (isRefusal(id)) return problem(id);
    const words = check(PictureQuery, c.req.query(), "reading the query");
    if (isRefusal(words)) return problem(words);
    const bytes = await readBytes(c.req.raw, MAX_PICTURE_BYTES);
    if (isRefusal(bytes)) return problem(bytes);
    const mediaType = typeOf(bytes, c.req.header("Content-Type"));
    if (typeof mediaType !== "string") return problem(mediaType);
    const what = { mediaType, hash: pictureHash(bytes), at: context.world.clock.now() };
    const item: ContentItem = { ...id, kind: "picture", ...words, ...what };
    return published(show.definition.id, await show.deeds.publish(item, bytes, subject));
  });
  return described(PICTURE, handler);
}

const Id = v.object({ id: Slug });

function typeOf(bytes: Uint8Array, claimed = "none"): PictureType | Refusal {
  const type = pictureType(bytes);
  if (type !== undefined && claimed.split(";")[0]?.trim().toLowerCase() === type) return type;
  const wanted = PICTURE_TYPES.join(", ");
  return refuse(
    "unsupported_media_type",
    `the body begins as ${type ?? "no picture"} and is called "${claimed.slice(0, 60)}", wanted ${wanted}`,
  );
}

function published(show: string, item: ContentItem | Refusal): Response {
  return isRefusal(item) ? problem(item) : answer(contentItemBody(show, item), 200, PRODUCERS);
}

const PUBLISH_REFUSALS = [...DEED_REFUSALS, ...BODY_REFUSALS] as const;

const WITHDRAW = {
  summary: "Takes something published off the screens",
  tag: "producers",
  token: "operator",
  answer: ContentItemBody,
  refusals: [...DEED_REFUSALS, "unknown_content"],
} as const;

const PAGE = {
  summary: "Publishes a page",
  tag: "producers",
  token: "operator",
  body: PageBody,
  answer: ContentItemBody,
  refusals: PUBLISH_REFUSALS,
} as const;

const PICTURE = {
  summary: `Publishes a picture of at most ${MAX_PICTURE_BYTES / 1024} KiB`,
  tag: "producers",
  token: "operator",
  body: PICTURE_TYPES,
  query: { title: "Title", text: "What the picture shows, for those who do not see it" },
  answer: ContentItemBody,
  refusals: PUBLISH_REFUSALS,
} as const;
