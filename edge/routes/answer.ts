/** Pages of any origin may read what receivers get: a token in a header is the control, and no cookie. */
export const ANY_ORIGIN = { "Access-Control-Allow-Origin": "*" } as const;

/** A body in JSON. */
export function answer(body: object, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return jsonAnswer(JSON.stringify(body), status, headers);
}

/** A body that is JSON already. */
export function jsonAnswer(text: string, status: number, headers: Readonly<Record<string, string>>): Response {
  return new Response(text, { status, headers: { "Content-Type": "application/json", ...headers } });
}

/** For what depends on the token that came with the request, or must not be had twice. */
export const NO_STORE = { "Cache-Control": "private, no-store" } as const;

/** For producers: their console may come from another edge than the one it talks to, above all when that one is gone. */
export const PRODUCERS = { ...ANY_ORIGIN, ...NO_STORE } as const;
