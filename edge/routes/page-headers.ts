/** Where a page is served: each has what it may load and whom it may talk to. */
export const PAGE_ROOTS = ["tv", "console", "graphics", "inspect"] as const;
export type PageRoot = (typeof PAGE_ROOTS)[number];

/** The folder of scripts, styles and texts whose names carry the hash of what is in them. */
export const ASSETS = "assets";

const COMMON = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" } as const;

/** Edges are at addresses that only the roster knows, so a page may ask any; what runs comes from its own edge alone. */
const NOTHING_ELSE = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src *",
  "base-uri 'none'",
];

const POLICIES: Readonly<Record<PageRoot, readonly string[]>> = {
  // The player hands its picture over as a blob, and has an empty track in a data URL for the cues; so has a page its
  // icon. A broadcaster may frame the page in a web player of its own.
  tv: ["img-src * data:", "media-src * blob: data:", "form-action 'none'"],
  // A frame around the console could lead a producer's hand.
  console: [
    "img-src * blob: data:",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ],
  inspect: [
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ],
  graphics: ["form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"],
};

/** The headers of a page: kept for a moment only, as it names the newest assets. */
export function pageHeaders(root: PageRoot): Readonly<Record<string, string>> {
  return {
    ...COMMON,
    "Cache-Control": "max-age=60",
    "Content-Security-Policy": [...NOTHING_ELSE, ...POLICIES[root]].join("; "),
  };
}

/** The headers of a file below `ASSETS`, which never changes. */
export const ASSET_HEADERS = { ...COMMON, "Cache-Control": "public, max-age=31536000, immutable" } as const;
