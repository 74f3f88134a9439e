import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { lineLog } from "../../runtime/host/log.ts";
import { whenToStop } from "../../runtime/host/signals.ts";
import { realWorld } from "../../runtime/host/world.ts";
import { SettingsError } from "../steering/settings.ts";
import { UserError } from "../user-error.ts";
import { DnsService } from "./service.ts";
import { parseDnsSettings, type DnsSettings } from "./settings.ts";

export interface DnsOptions {
  readonly config: string;
  readonly supervised?: boolean;
}

/** EX_CONFIG of sysexits.h: starting again changes nothing. */
const EXIT_CONFIG = 78;

/** Runs the DNS server until it is asked to stop; SIGHUP reads its settings and its database again. */
export async function runDns(options: DnsOptions): Promise<void> {
  const world = realWorld(
    lineLog({
      name: "dns",
      form: process.stdout.isTTY ? "text" : "json",
      least: "info",
      now: () => Date.now(),
      write: (line) => process.stdout.write(line),
    }),
  );
  const settings = settingsOrEnd(() => readDnsSettings(options.config));
  const service = await DnsService.start(settings, world).catch((error: Error) => {
    throw new UserError(`starting the DNS server: ${error.message}`);
  });
  world.log("info", "dns is up", { zone: settings.zone, listen: service.addresses.join(" ") });
  process.on("SIGHUP", () => {
    reload(service, options.config).then(
      () => world.log("info", "reloaded"),
      (error: unknown) => world.log("error", "the old settings stay", { error: String(error) }),
    );
  });
  const reason = await whenToStop(options.supervised === true);
  world.log("info", "stopping", { reason });
  await service.stop();
  process.exit(0);
}

async function reload(service: DnsService, path: string): Promise<void> {
  await service.reload(readDnsSettings(path));
}

/** What `read` gives; a mistake in the file ends the program in a way that starting it again does not mend. */
export function settingsOrEnd<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SettingsError) throw new UserError(error.message, EXIT_CONFIG);
    throw error;
  }
}

/** Paths in the file are relative to its own folder. */
export function readDnsSettings(path: string): DnsSettings {
  const settings = parseDnsSettings(readText(path), path);
  const { mmdb } = settings.geo;
  return mmdb === undefined ? settings : { ...settings, geo: { ...settings.geo, mmdb: resolve(dirname(path), mmdb) } };
}

export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SettingsError(`reading "${path}": ${error instanceof Error ? error.message : String(error)}`);
  }
}
