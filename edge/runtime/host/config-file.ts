import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { GeoSettings } from "../../steering/geo.ts";
import { ConfigError, type Config, type EdgeConfig } from "../../config.ts";
import { parseConfig } from "../../parse-config.ts";
import type { SecretReader } from "../../secrets.ts";

/** Reads a member's configuration. Paths in it are relative to its own folder. Throws `ConfigError`. */
export function readConfigFile(path: string): Config {
  const folder = dirname(resolve(path));
  const config = parseConfig(readContents(path), path, secretReader(folder));
  const read = { ...config, store: { ...config.store, url: withinFolder(config.store.url, folder) } };
  if (read.role !== "edge") return read;
  const hls = withinFolders(read.hls, folder);
  return read.geo === undefined ? { ...read, hls } : { ...read, hls, geo: geoWithinFolder(read.geo, folder) };
}

function geoWithinFolder(geo: GeoSettings, folder: string): GeoSettings {
  return geo.mmdb === undefined ? geo : { ...geo, mmdb: resolve(folder, geo.mmdb) };
}

function withinFolders(hls: EdgeConfig["hls"], folder: string): EdgeConfig["hls"] {
  const isAddress = /^https?:\/\//;
  return Object.fromEntries(
    Object.entries(hls).map(([show, from]) => [show, isAddress.test(from) ? from : resolve(folder, from)]),
  );
}

function readContents(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(path, [error instanceof Error ? error.message : String(error)]);
  }
}

function secretReader(folder: string): SecretReader {
  return (reference) => {
    if ("file" in reference) return readFileSync(resolve(folder, reference.file), "utf8");
    const value = process.env[reference.env];
    if (value === undefined) throw new Error(`got no environment variable "${reference.env}", wanted the secret in it`);
    return value;
  };
}

function withinFolder(url: string, folder: string): string {
  return url.startsWith("file:") ? `file:${resolve(folder, url.slice("file:".length))}` : url;
}
