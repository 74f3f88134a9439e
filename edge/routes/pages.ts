import { problem } from "../problem.ts";
import { refuse } from "../refusal.ts";
import type { RouteContext, RouteHandler } from "./context.ts";
import { pathParam } from "./context.ts";
import { ASSET_HEADERS, ASSETS, pageHeaders, type PageRoot } from "./page-headers.ts";

/** HbbTV 2.0.4 (ETSI TS 102 796), 8.1: its applications are XHTML under this name, and the page is XHTML either way. */
export const HBBTV_TYPE = "application/vnd.hbbtv.xhtml+xml";

/** One of the pages that people use. Whatever stands behind it in the address is for its script to read. */
export function showPage({ pages }: RouteContext, root: PageRoot): RouteHandler {
  const headers = pageHeaders(root);
  return (c) => {
    const page = pages.get(`${root}/index.html`);
    if (!page)
      return problem(refuse("not_found", `this edge was started without its pages: \`npm run build\` makes them`));
    return new Response(page.body, { headers: { ...headers, ...pageType(root, c.req.raw.headers, page.type) } });
  };
}

/** The page's media type, which depends on who asks; `usual` is what browsers get. */
export function pageType(root: PageRoot, asked: Headers, usual: string): Readonly<Record<string, string>> {
  const type = root === "tv" && asksForHbbtv(asked) ? `${HBBTV_TYPE}; charset=utf-8` : usual;
  return { "Content-Type": type, Vary: "Accept, User-Agent" };
}

/** A television that names the type, or one that does not and says what it is (TS 102 796, 7.3.2.4). */
function asksForHbbtv(headers: Headers): boolean {
  return (headers.get("Accept")?.includes(HBBTV_TYPE) ?? false) || /\bHbbTV\//.test(headers.get("User-Agent") ?? "");
}

/** A file that a page loads. */
export function showAsset({ pages }: RouteContext): RouteHandler {
  return (c) => {
    const path = `${ASSETS}/${pathParam(c, "file")}`;
    const asset = pages.get(path);
    if (!asset) return problem(refuse("not_found", `there is no "${path.slice(0, 80)}"`));
    return new Response(asset.body, { headers: { ...ASSET_HEADERS, "Content-Type": asset.type } });
  };
}

/** To the page's folder, the query kept: it names the show. */
export function redirectToPage(root: PageRoot): RouteHandler {
  return (c) => c.redirect(`/${root}/${new URL(c.req.url).search}`, 308);
}
