/** Headers as Node gives them: name, value, name, value. */
export type RawHeaders = readonly string[];

/** Headers that are for one connection only (RFC 9110, 7.6.1), and those that we write ourselves. */
const OWN = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/** Who sent a request, for the headers that say so. */
export interface Forwarded {
  /** The connection's other end. */
  readonly client: string;
  /** X-Forwarded-For as it came; edges read it from its end, and stop at the first address that is no proxy of theirs. */
  readonly forwardedFor: string | undefined;
  readonly host: string | undefined;
  readonly protocol: "http" | "https";
}

/** The headers that go on to the edge. A chunked body stays chunked; an upgrade is asked for anew. */
export function forwardHeaders(raw: RawHeaders, from: Forwarded, upgrade?: string): string[] {
  const named = connectionHeaders(raw);
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (!OWN.has(name) && !named.has(name)) kept.push(raw[i]!, raw[i + 1]!);
  }
  const chain = from.forwardedFor === undefined ? from.client : `${from.forwardedFor}, ${from.client}`;
  kept.push("X-Forwarded-For", chain, "X-Forwarded-Proto", from.protocol);
  if (from.host !== undefined) kept.push("X-Forwarded-Host", from.host);
  if (upgrade !== undefined) kept.push("Connection", "Upgrade", "Upgrade", upgrade);
  return kept;
}

/** The headers of an answer that go on to the client. */
export function answerHeaders(raw: RawHeaders): string[] {
  const named = connectionHeaders(raw);
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const isOwn = OWN.has(name) && name !== "transfer-encoding";
    if (!isOwn && !named.has(name)) kept.push(raw[i]!, raw[i + 1]!);
  }
  return kept;
}

/** Headers that "Connection" names are for one connection too. */
function connectionHeaders(raw: RawHeaders): Set<string> {
  const names = new Set<string>();
  for (let i = 0; i + 1 < raw.length; i += 2)
    if (raw[i]!.toLowerCase() === "connection")
      for (const name of raw[i + 1]!.split(",")) names.add(name.trim().toLowerCase());
  return names;
}

/** Methods that may be sent again after a connection broke: asking twice does nothing twice (RFC 9110, 9.2.2). */
const SAFE_TO_REPEAT = new Set(["GET", "HEAD", "OPTIONS"]);

/** How far a request came before it failed. */
export type Failure = "not connected" | "no answer" | "answer begun";

/**
 * Whether a request that failed at one edge may go to another. What never reached an edge may, whatever it is; a ballot that
 * may have arrived is the receiver's to repeat, with the press that tells that it is one.
 */
export function mayRepeat(method: string, hasBody: boolean, failure: Failure): boolean {
  switch (failure) {
    case "not connected":
      return true;
    case "no answer":
      return SAFE_TO_REPEAT.has(method) && !hasBody;
    case "answer begun":
      return false;
  }
}
