// The pages that people use, as an edge serves them.
import { describe, expect, test } from "vitest";
import { readManifest } from "../../../edge/cli/pages/build.ts";
import { HBBTV_TYPE } from "../../../edge/routes/pages.ts";
import { readPages } from "../../../edge/runtime/host/pages.ts";
import { Harness, problemOf } from "./harness.ts";

const HTML = "text/html; charset=utf-8";
const built = readPages();
const manifest = readManifest();

const ask = (path: string, headers: Record<string, string> = {}) =>
  new Harness({ pages: built }).ask("GET", path, { headers });

describe("a page", () => {
  test.for([
    ["/tv/", '<div id="picture">'],
    ["/tv/?show=demo", '<div id="picture">'],
    ["/console/", "<title>Redbutton console</title>"],
    ["/graphics/winner?show=demo", "<title>Redbutton graphics</title>"],
  ] as const)("is at %s", async ([path, content]) => {
    const response = await ask(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, HTML]);
    expect(await response.text()).toContain(content);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain("unsafe");
  });

  test.for([
    ["/tv?show=demo", "/tv/?show=demo"],
    ["/console", "/console/"],
  ] as const)("is found without the slash, its query kept: %s", async ([path, location]) => {
    const response = await ask(path);
    expect([response.status, response.headers.get("location")]).toEqual([308, location]);
  });

  test("has no part that is written into it: the policy would not run it", async () => {
    for (const root of ["tv", "console", "graphics"]) {
      const text = await (await ask(root === "graphics" ? "/graphics/a" : `/${root}/`)).text();
      expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|javascript:/);
    }
  });

  test("that was not built says how to build it", async () => {
    expect(await problemOf(await new Harness().ask("GET", "/tv/"))).toMatchObject({
      status: 404,
      detail: expect.stringContaining("npm run build"),
    });
  });
});

describe("the television's page", () => {
  test.for([
    ["a set that asks for it", { Accept: `text/html, ${HBBTV_TYPE}` }],
    ["a set that says what it is", { "User-Agent": "Mozilla/5.0 HbbTV/1.5.1 (+DRM; Maker; 42)" }],
  ] as const)("is XHTML of HbbTV to %s", async ([, headers]) => {
    const response = await ask("/tv/", headers);
    expect(response.headers.get("content-type")).toBe(`${HBBTV_TYPE}; charset=utf-8`);
    expect(response.headers.get("vary")).toBe("Accept, User-Agent");
  });

  test("is not to a television without HbbTV", async () => {
    expect((await ask("/tv/", { "User-Agent": "SMART-TV" })).headers.get("content-type")).toBe(HTML);
  });
});

describe("an asset", () => {
  test.for(
    Object.values(manifest.pages)
      .flatMap(({ script, style }) => [script, style])
      .concat(manifest.player),
  )("is kept for ever, as its name changes with it: %s", async (path) => {
    const response = await ask(path);
    expect(response.status).toBe(200);
    expect(path).toMatch(/^\/assets\/[a-z]+-[0-9A-Z]{8}\.(js|css)$/);
    expect(response.headers.get("cache-control")).toContain("immutable");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test.for(["/assets/other.js", "/assets/..%2fmanifest.json", "/assets/__proto__", "/tv/other.js"])(
    "is not at %s",
    async (path) => {
      expect(await problemOf(await ask(path))).toMatchObject({ status: 404 });
    },
  );
});
