// A whole network of real processes in a temporary folder.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EdgeApi } from "../../edge/cli/api.ts";
import { writeFolder, type NetworkFolder } from "../../edge/cli/network/folder.ts";
import { DEFAULT_PORTS, planNetwork, RECORDER, type NetworkWish } from "../../edge/cli/network/plan.ts";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { RunningNetwork } from "../../edge/cli/supervise/network.ts";
import type { RuntimeName } from "../../edge/cli/supervise/program.ts";

/** Time that a network may take to be whole on a machine that runs other tests too, ms. */
const WHOLE_MS = 60_000;

export interface TestNetwork {
  readonly folder: NetworkFolder;
  readonly network: RunningNetwork;
  /** An edge as a producer talks to it. */
  api(edge: string): EdgeApi;
  address(edge: string): string;
  /** What the members have printed. */
  output(): string;
  /** Stops everyone and removes the folder. */
  end(): Promise<void>;
}

/** Starts a network and waits until everyone is live and linked. */
export async function startNetwork(
  runtime: RuntimeName,
  names: readonly string[] = ["fra", "nyc", "syd"],
  more: Partial<NetworkWish> = {},
): Promise<TestNetwork> {
  const folder = await writeNetwork(names, more);
  const lines: string[] = [];
  const network = new RunningNetwork(folder, runtime, {
    online: (name, line) => lines.push(`${name} ${line}`),
    onevent: (name, message) => lines.push(`${name} ${message}`),
  });
  network.start();
  const end = async () => {
    await network.stop();
    rmSync(folder.path, { recursive: true, force: true });
  };
  if (!(await network.whenWhole(WHOLE_MS))) {
    await end();
    throw new Error(`the network did not become whole:\n${lines.join("\n")}`);
  }
  const address = (name: string) => folder.edges.find((edge) => edge.name === name)!.address;
  const api = (name: string) => new EdgeApi(address(name), folder.operatorToken("producer"));
  return { folder, network, api, address, output: () => lines.join("\n"), end };
}

/** The folder of a network on free ports, nothing started. */
export async function writeNetwork(names: readonly string[], more: Partial<NetworkWish> = {}): Promise<NetworkFolder> {
  const ports = await freePorts(names.length * 2);
  const edges = names.map((name, i) => ({
    name,
    region: name,
    publicHost: "127.0.0.1",
    backboneHost: "127.0.0.1",
    ports: { public: ports[i]!, backbone: ports[names.length + i]! },
  }));
  const plan = planNetwork({ edges, processes: [RECORDER], ports: DEFAULT_PORTS, ...more });
  return writeFolder(mkdtempSync(join(tmpdir(), "redbutton-test-")), plan);
}
