import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { whenToStop } from "../../runtime/host/signals.ts";
import { realWorld } from "../../runtime/host/world.ts";
import { networkPlaces } from "../../steering/geo.ts";
import { gdnsdFiles, gdnsdHealth, HEALTH_FILE, type GdnsdWish } from "../../steering/dns/gdnsd.ts";
import type { DnsEdge } from "../../steering/dns/zone.ts";
import { say } from "../output.ts";
import { Directory } from "../steering/directory.ts";
import { settingsOrEnd } from "../steering/run.ts";
import { readDnsSettings } from "./run.ts";
import { zoneOf, type DnsSettings } from "./settings.ts";

export interface ExportGdnsdOptions {
  readonly config: string;
  readonly out: string;
  /** Goes on checking the edges, and keeps the health file current. */
  readonly watch?: boolean;
  readonly supervised?: boolean;
}

/** How often the health file is written where something changed: gdnsd waits a second after each change, ms. */
const HEALTH_INTERVAL_MS = 500;

/** Writes gdnsd's configuration from the DNS server's settings and the edges as they are now. */
export async function exportGdnsd(options: ExportGdnsdOptions): Promise<void> {
  const settings = settingsOrEnd(() => readDnsSettings(options.config));
  const world = realWorld(() => {});
  const directory = new Directory(settings, world);
  await directory.start();
  const folder = resolve(options.out);
  const wish = wishOf(settings, directory.edges(), folder);
  for (const name of ["run", "state"]) mkdirSync(join(folder, name), { recursive: true });
  for (const { path, text } of gdnsdFiles(wish)) write(join(folder, path), text);
  write(join(folder, HEALTH_FILE), gdnsdHealth(wish.edges));
  say(`gdnsd's configuration is in "${folder}": gdnsd -c "${folder}" checkconf`);
  if (options.watch !== true) return directory.stop();
  say(`keeping "${join(folder, HEALTH_FILE)}" current`);
  await keepHealth(directory, join(folder, HEALTH_FILE), whenToStop(options.supervised === true));
  process.exit(0);
}

async function keepHealth(directory: Directory, path: string, stop: Promise<unknown>): Promise<void> {
  let written = "";
  const timer = setInterval(() => {
    const text = gdnsdHealth(directory.edges());
    if (text === written) return;
    write(path, text);
    written = text;
  }, HEALTH_INTERVAL_MS);
  await stop;
  clearInterval(timer);
  directory.stop();
}

function wishOf(settings: DnsSettings, edges: readonly DnsEdge[], folder: string): GdnsdWish {
  const serial = Math.floor(Date.now() / 1000);
  const { name: zone, nameservers, contact, ttlS } = zoneOf(settings, edges, serial);
  const { mmdb } = settings.geo;
  return {
    zone,
    nameservers,
    contact,
    ttlS,
    serial,
    policy: settings.policy ?? "nearest",
    order: settings.order,
    edges,
    listen: settings.listen,
    networks: networkPlaces(settings.geo),
    folder,
    ...(mmdb === undefined ? {} : { mmdb }),
  };
}

/** A whole file or the old one: gdnsd may read at any moment. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${process.pid}.new`);
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
