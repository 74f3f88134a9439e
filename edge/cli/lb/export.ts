import { writeFileSync } from "node:fs";
import { realWorld } from "../../runtime/host/world.ts";
import { haproxyConfig } from "../../steering/haproxy.ts";
import { say } from "../output.ts";
import { Directory } from "../steering/directory.ts";
import { settingsOrEnd } from "../steering/run.ts";
import { networkPlaces } from "../../steering/geo.ts";
import { readLbSettings } from "./run.ts";

export interface ExportHaproxyOptions {
  readonly config: string;
  readonly out: string;
}

/** Writes HAProxy's configuration from the load balancer's settings and the edges as they are now. */
export async function exportHaproxy(options: ExportHaproxyOptions): Promise<void> {
  const settings = settingsOrEnd(() => readLbSettings(options.config));
  const directory = new Directory(
    settings,
    realWorld(() => {}),
  );
  await directory.start();
  const { listen, status, policy, order, checkEveryMs, geo } = settings;
  const text = haproxyConfig({
    listen,
    policy: policy ?? "free",
    order,
    checkEveryMs,
    edges: directory.candidates(undefined),
    networks: networkPlaces(geo),
    ...(status ? { stats: status } : {}),
  });
  directory.stop();
  writeFileSync(options.out, text);
  say(`HAProxy's configuration is in "${options.out}": haproxy -c -f "${options.out}"`);
}
