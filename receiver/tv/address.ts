/** What the page's own address says: `?show=ID&edge=URL&edge=URL&hls=URL&lang=en`. */
export interface PageAddress {
  readonly show: string;
  /** Edges to use instead of those that steering names. */
  readonly edges: readonly string[];
  /** A picture to play where the show names none. */
  readonly video: string | undefined;
  readonly language: string;
  /** Opens the application at once: for a second screen that has no red button. */
  readonly isOpen: boolean;
}

export function readAddress(): PageAddress {
  var edges = valuesOf("edge");
  return {
    show: valuesOf("show")[0] || "talent-final",
    edges,
    video: valuesOf("hls")[0],
    language: valuesOf("lang")[0] || navigator.language || "en",
    isOpen: valuesOf("open")[0] === "1",
  };
}

/** Where this page came from: an edge, in most networks. */
export function ownOrigin(): string {
  return `${location.protocol}//${location.host}`;
}

function valuesOf(name: string): string[] {
  var values: string[] = [];
  var pairs = location.search.slice(1).split("&");
  for (var i = 0; i < pairs.length; i++) {
    var pair = pairs[i]!.split("=");
    if (pair[0] === name && pair[1]) values.push(decodeURIComponent(pair[1].replace(/\+/g, " ")));
  }
  return values;
}
