// A real browser: Debian's Chromium, driven by playwright-core.
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext } from "playwright-core";
import { describe } from "vitest";

const CHROMIUM = "/usr/bin/chromium";
/** It would look up its maker's hosts at every start. */
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

/** Why there is no browser on this machine; undefined where there is one. */
const NO_BROWSER = existsSync(CHROMIUM) ? undefined : `no ${CHROMIUM}: apt-get install chromium`;

/** Tests that need a browser. Where there is none they are skipped, and their name says why. */
export function describeInBrowser(what: string, tests: () => void): void {
  describe.skipIf(NO_BROWSER)(NO_BROWSER === undefined ? what : `${what} (skipped: ${NO_BROWSER})`, tests);
}

/** A television's screen in a new profile. */
export function openBrowser(): Promise<BrowserContext> {
  return chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "redbutton-browser-")), {
    executablePath: CHROMIUM,
    args: QUIET,
    viewport: { width: 1280, height: 720 },
  });
}

/** A browser whose pages are people apart: each in a window and a profile of its own, with `newPage`. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET });
}
