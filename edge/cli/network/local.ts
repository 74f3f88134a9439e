import type { NetworkWish } from "./plan.ts";

/** Ports of what runs beside the edges on one machine. */
export interface LocalPorts {
  /** Where the second watcher finds the monitor. */
  readonly backbone: number;
  /** Of the monitor's /healthz and the second watcher's. */
  readonly status: readonly [monitor: number, watcher: number];
  readonly encoder: number;
}

export const DEFAULT_LOCAL_PORTS: LocalPorts = { backbone: 9104, status: [9201, 9202], encoder: 9203 };
const HOST = "127.0.0.1";

/**
 * What runs beside the edges on one machine: a monitor, which records and watches over a file, a second watcher that
 * latches through it, and an encoder that writes cues down.
 */
export function localProcesses(ports: LocalPorts): Required<Pick<NetworkWish, "processes" | "programs">> {
  const encoder = `http://${HOST}:${ports.encoder}`;
  const [monitor, watcher] = ports.status;
  return {
    processes: [
      {
        name: "monitor",
        role: "monitor",
        store: `file:${PERMANENT_DATABASE}`,
        listen: { host: HOST, backbone: ports.backbone, status: monitor },
        settings: { encoder },
      },
      {
        name: "watcher",
        role: "watcher",
        store: "file:watcher.db",
        listen: { host: HOST, status: watcher },
        settings: { encoder },
      },
    ],
    programs: [
      {
        name: "encoder",
        entry: "edge/runtime/recording-encoder.ts",
        status: encoder,
        config: { listen: { host: HOST, port: ports.encoder }, journal: CUE_JOURNAL },
      },
    ],
  };
}

/** Within the network's folder. */
export const PERMANENT_DATABASE = "permanent.db";
export const CUE_JOURNAL = "cues.jsonl";
