import type { Report } from "../../crdt/inspect/report.ts";

/** The view's parameters; what is empty is left out. */
export type Params = Readonly<Record<string, string>>;

/** What asking for a view came to. */
export type Asked =
  | { readonly is: "report"; readonly report: Report }
  /** The edge said no, and asking again changes nothing. */
  | { readonly is: "refused"; readonly code: string; readonly detail: string }
  | { readonly is: "away"; readonly detail: string };

const KEPT = "redbutton-inspector-token";

/** The token of the address (`#token=…`), which then leaves the address and the history; else the one of this tab. */
export function takeToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    keepToken(given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given ?? sessionStorage.getItem(KEPT) ?? "";
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEPT, token);
}

export async function ask(view: string, params: Params, token: string, signal: AbortSignal): Promise<Asked> {
  const given = Object.entries(params).filter(([, value]) => value !== "");
  const query = new URLSearchParams(given).toString();
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(`/_inspect/v1/${view}${query === "" ? "" : `?${query}`}`, { headers, signal });
    const body: unknown = await response.json();
    if (response.ok) return { is: "report", report: body as Report };
    const { code, detail } = body as { code: string; detail: string };
    return response.status < 500 ? { is: "refused", code, detail } : { is: "away", detail };
  } catch {
    return { is: "away", detail: "the edge does not answer" };
  }
}
