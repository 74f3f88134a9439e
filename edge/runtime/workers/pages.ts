import { PAGE_ROOTS, pageHeaders } from "../../routes/page-headers.ts";
import { pageType } from "../../routes/pages.ts";

/** A page or a file of one, from the platform's static assets: as every edge serves them. */
export async function servePages(assets: Fetcher, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const root = PAGE_ROOTS.find((each) => url.pathname.startsWith(`/${each}/`));
  if (!root) return assets.fetch(request);
  // Whatever stands behind the folder is for the page's script to read.
  const page = await assets.fetch(new URL(`/${root}/`, url), { method: request.method, headers: request.headers });
  if (!page.ok) return page;
  const usual = page.headers.get("Content-Type") ?? "text/html; charset=utf-8";
  const headers = { ...pageHeaders(root), ...pageType(root, request.headers, usual) };
  return new Response(page.body, { status: page.status, headers });
}
