import { readSettings, runSteering, type RunOptions } from "../steering/run.ts";
import { DnsService } from "./service.ts";
import { parseDnsSettings, type DnsSettings } from "./settings.ts";

/** Runs the DNS server. */
export function runDns(options: RunOptions): Promise<void> {
  return runSteering(
    { name: "dns", read: readDnsSettings, start: (settings, world) => DnsService.start(settings, world) },
    options,
  );
}

export function readDnsSettings(path: string): DnsSettings {
  return readSettings(path, parseDnsSettings);
}
