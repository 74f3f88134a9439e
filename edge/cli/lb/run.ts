import { readSettings, runSteering, type RunOptions } from "../steering/run.ts";
import { LbService } from "./service.ts";
import { parseLbSettings, type LbSettings } from "./settings.ts";

/** Runs the load balancer. */
export function runLb(options: RunOptions): Promise<void> {
  return runSteering(
    { name: "lb", read: readLbSettings, start: (settings, world) => LbService.start(settings, world) },
    options,
  );
}

export function readLbSettings(path: string): LbSettings {
  return readSettings(path, parseLbSettings);
}
