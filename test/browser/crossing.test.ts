// The television's page over the picture of a whole network: a threshold is crossed, and the picture itself says so.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EdgeApi } from "../../edge/cli/api.ts";
import { writeFolder, type NetworkFolder } from "../../edge/cli/network/folder.ts";
import { localProcesses } from "../../edge/cli/network/local.ts";
import { DEFAULT_PORTS, planNetwork } from "../../edge/cli/network/plan.ts";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { buildPages } from "../../edge/cli/pages/build.ts";
import { SAMPLE_SHOW } from "../../edge/cli/sample-show.ts";
import { RunningNetwork } from "../../edge/cli/supervise/network.ts";
import { describeInBrowser, openBrowser } from "../support/browser.ts";
import { until } from "../support/processes.ts";

const HOST = "127.0.0.1";

async function writeLocalNetwork(): Promise<NetworkFolder> {
  const ports = (await freePorts(8)) as [number, number, number, number, number, number, number, number];
  const [own, link, backbone, monitor, watcher, status, encoder, stream] = ports;
  const edge = { name: "fra", region: "fra", publicHost: HOST, backboneHost: HOST };
  const local = localProcesses({ backbone, status: [monitor, watcher, status], encoder, stream });
  const edges = [{ ...edge, ports: { public: own, backbone: link } }];
  return writeFolder(
    mkdtempSync(join(tmpdir(), "redbutton-picture-")),
    planNetwork({ edges, ...local, ports: DEFAULT_PORTS }),
  );
}

describeInBrowser("the picture", () => {
  let folder: NetworkFolder;
  let network: RunningNetwork;
  let browser: BrowserContext;
  const lines: string[] = [];

  beforeAll(async () => {
    await buildPages();
    folder = await writeLocalNetwork();
    network = new RunningNetwork(folder, undefined, {
      online: (name, line) => lines.push(`${name} ${line}`),
      onevent: (name, message) => lines.push(`${name} ${message}`),
    });
    network.start();
    expect(await network.whenWhole(60_000), lines.join("\n")).toBe(true);
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await network?.stop();
    if (folder) rmSync(folder.path, { recursive: true, force: true });
  });

  test("plays, and shows the cue over it once a threshold is crossed", async () => {
    const { address } = folder.edges[0]!;
    const api = new EdgeApi(address, folder.operatorToken("producer"));
    await api.createShow(SAMPLE_SHOW);
    const page = await browser.newPage();
    await page.goto(`${address}/tv/?show=${SAMPLE_SHOW.id}`);
    const time = () => page.evaluate<number>(`document.querySelector("video")?.currentTime ?? 0`);
    await until("the picture", async () => (await time()) > 0, 60_000);
    const said = () => page.evaluate<string>("document.body.innerText");
    expect(await said()).not.toContain("viewer is here");
    const rule = { kind: "present", at_least: 1 };
    await api.putThreshold(SAMPLE_SHOW.id, "first", {
      rule,
      message: { kind: "text", text: "{count} viewer is here" },
    });
    await api.commandThreshold(SAMPLE_SHOW.id, "first", "arm");
    await until("the cue", async () => (await said()).includes("1 viewer is here"), 60_000);
    expect(await time()).toBeGreaterThan(0);
    await until("its end", async () => !(await said()).includes("viewer is here"), 60_000);
  });
});
