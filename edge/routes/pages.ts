import { problem } from "../problem.ts";
import { refuse } from "../refusal.ts";
import type { RouteContext, RouteHandler } from "./context.ts";

/** Where the receiver's page is. */
const ROOT = "/tv/";

/** The page may load only what stands beside it, and talk to any edge. */
const PAGE_HEADERS = {
  "Cache-Control": "max-age=60",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src *; img-src *; media-src *; base-uri 'none'",
} as const;

/** A file of the receiver's page. */
export function showPage({ pages }: RouteContext): RouteHandler {
  return (c) => {
    const path = c.req.path.slice(ROOT.length) || "index.html";
    const page = pages.get(path);
    if (!page) return problem(refuse("not_found", `the receiver's page has no "${path.slice(0, 60)}"`));
    return new Response(page.body, { headers: { ...PAGE_HEADERS, "Content-Type": page.type } });
  };
}

/** To the page's folder, the query kept: it names the show. */
export function redirectToPage(): RouteHandler {
  return (c) => c.redirect(`${ROOT}${new URL(c.req.url).search}`, 308);
}
