var PREFIX = "redbutton-";
/** Longest time that a cookie is kept, s: a show is over by then. */
var COOKIE_SECONDS = 30 * 24 * 3600;

/**
 * What `task` returns, or undefined where it throws: storage is full or forbidden, an answer is no JSON. For calls whose
 * only failure is one that this page goes on without.
 */
export function attempt<T>(task: () => T): T | undefined {
  try {
    return task();
    // oxlint-disable-next-line no-unused-vars -- ES5 has no catch without a name
  } catch (error) {
    return undefined;
  }
}

/** What was kept under this name. Without any storage an edge tells the known press (409). */
export function load<T>(name: string): T | undefined {
  var text = attempt(() => localStorage.getItem(PREFIX + name)) || cookie(PREFIX + name);
  // What stands there this page has written: it is of the type that it was kept as.
  return text ? (attempt(() => JSON.parse(text!) as T | null) ?? undefined) : undefined;
}

/** Keeps it over a restart of the page: in storage, or as a cookie on sets that have none (HbbTV 1). */
export function keep(name: string, value: unknown): void {
  var text = JSON.stringify(value);
  var isKept = attempt(() => {
    localStorage.setItem(PREFIX + name, text);
    return true;
  });
  if (isKept) return;
  attempt(() => {
    document.cookie = `${PREFIX}${name}=${encodeURIComponent(text)}; max-age=${COOKIE_SECONDS}; path=/; samesite=lax`;
  });
  // Storage that is full must not speak for what it had before.
  if (cookie(PREFIX + name) === text) attempt(() => localStorage.removeItem(PREFIX + name));
}

function cookie(name: string): string | undefined {
  var pairs = attempt(() => document.cookie.split("; ")) || [];
  for (var i = 0; i < pairs.length; i++) {
    if (pairs[i]!.indexOf(`${name}=`) === 0) return attempt(() => decodeURIComponent(pairs[i]!.slice(name.length + 1)));
  }
  return undefined;
}
