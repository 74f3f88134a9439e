import { attempt } from "./storage.ts";

/** What the page's own address says: `?show=ID&edge=URL&edge=URL&hls=URL&lang=en#token=JWT`. */
export interface PageAddress {
  readonly show: string;
  /** Edges to use instead of those that steering names. */
  readonly edges: readonly string[];
  /** A picture to play where the show names none. */
  readonly video: string | undefined;
  readonly language: string;
  /** Opens the application at once: for a second screen that has no red button. */
  readonly isOpen: boolean;
  /** The broadcaster's word on who this is. It stands behind "#", which browsers keep to themselves. */
  readonly token: string | undefined;
}

export function readAddress(): PageAddress {
  var query = location.search;
  return {
    show: valuesOf(query, "show")[0] || "talent-final",
    edges: valuesOf(query, "edge"),
    video: valuesOf(query, "hls")[0],
    language: valuesOf(query, "lang")[0] || navigator.language || "en",
    isOpen: valuesOf(query, "open")[0] === "1",
    token: takeToken(),
  };
}

/** The token leaves the address, and with it the history, where the set can do that. */
function takeToken(): string | undefined {
  var token = valuesOf(location.hash || "", "token")[0];
  if (token) attempt(() => history.replaceState(null, "", location.pathname + location.search));
  return token;
}

/** Where this page came from: an edge, in most networks. */
export function ownOrigin(): string {
  return `${location.protocol}//${location.host}`;
}

function valuesOf(part: string, name: string): string[] {
  var values: string[] = [];
  var pairs = part.slice(1).split("&");
  for (var i = 0; i < pairs.length; i++) {
    var pair = pairs[i]!;
    if (pair.indexOf(`${name}=`) !== 0) continue;
    var value = pair.slice(name.length + 1).replace(/\+/g, " ");
    // What is badly encoded is taken as it stands.
    if (value) values.push(attempt(() => decodeURIComponent(value)) || value);
  }
  return values;
}
