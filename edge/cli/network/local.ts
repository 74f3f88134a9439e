import { join } from "node:path";
import { SCTE104_PORT } from "../../../monitor/encoder/scte104/message.ts";
import { ROOT } from "../supervise/program.ts";
import type { NetworkWish } from "./plan.ts";

/** Ports of what runs beside the edges on one machine. */
export interface LocalPorts {
  /** Where the second watcher finds the monitor. */
  readonly backbone: number;
  /** Of the monitor's /healthz, the second watcher's, and the encoder's. */
  readonly status: readonly [monitor: number, watcher: number, encoder: number];
  /** Where the encoder takes cues. */
  readonly encoder: number;
  /** Where it sends its transport stream, by UDP. */
  readonly stream: number;
}

export const DEFAULT_LOCAL_PORTS: LocalPorts = {
  backbone: 9104,
  status: [9201, 9202, 9203],
  encoder: SCTE104_PORT,
  stream: 9206,
};
const HOST = "127.0.0.1";
/** The picture where no broadcaster is at hand. */
const PICTURE = join(ROOT, "monitor/encoder/sample/picture.mpegts");

/** The same ports, each so many further up. */
export function shifted({ backbone, status, encoder, stream }: LocalPorts, by: number): LocalPorts {
  const [monitor, watcher, its] = status;
  return {
    backbone: backbone + by,
    status: [monitor + by, watcher + by, its + by],
    encoder: encoder + by,
    stream: stream + by,
  };
}

/**
 * What runs beside the edges on one machine: a monitor, which records and watches over a file, a second watcher that
 * latches through it, and an encoder that puts cues into a picture, which the edges serve.
 */
export function localProcesses(
  ports: LocalPorts,
): Required<Pick<NetworkWish, "processes" | "programs" | "edgeSettings">> {
  const encoder = `scte104://${HOST}:${ports.encoder}`;
  const [monitor, watcher, encoderStatus] = ports.status;
  return {
    edgeSettings: { hls: { "*": HLS_FOLDER } },
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
        entry: "edge/runtime/encoder.ts",
        status: `http://${HOST}:${encoderStatus}`,
        config: {
          in: `loop:${PICTURE}`,
          out: streamAddress(ports),
          listen: `${HOST}:${ports.encoder}`,
          status: `${HOST}:${encoderStatus}`,
          journal: CUE_JOURNAL,
          hls: HLS_FOLDER,
        },
      },
    ],
  };
}

/** Where the encoder's transport stream can be looked at: `ffplay udp://…`. */
export function streamAddress({ stream }: LocalPorts): string {
  return `udp://${HOST}:${stream}`;
}

/** Within the network's folder. */
export const PERMANENT_DATABASE = "permanent.db";
export const CUE_JOURNAL = "cues.jsonl";
const HLS_FOLDER = "hls";
