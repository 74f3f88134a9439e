import type { OperatorRole } from "../token.ts";
import { SAME_SIGNAL_MS } from "../runtime/host/signals.ts";
import type { Config, ListenConfig } from "../config.ts";
import { EdgeApi } from "./api.ts";
import { DEFAULT_FOLDER, findFolder, writeFolder, type NetworkFolder } from "./network/folder.ts";
import { buildPages } from "./pages/build.ts";
import { localEdges } from "./network/local-edges.ts";
import { DEFAULT_HUB_PORT, DEFAULT_STEERING_PORTS, localSteering } from "./network/local-steering.ts";
import { DEFAULT_PORTS, planNetwork } from "./network/plan.ts";
import { DEFAULT_LOCAL_PORTS, localProcesses, shifted } from "./network/local.ts";
import { DEFAULT_SHOP_PORTS, localShop } from "./network/local-shop.ts";
import { isFree } from "./network/ports.ts";
import { MemberLog, say, style } from "./output.ts";
import { SAMPLE_SHOW } from "./sample-show.ts";
import {
  askControl,
  controlPath,
  listenForControl,
  type ControlAnswer,
  type ControlRequest,
} from "./supervise/control.ts";
import { RunningNetwork } from "./supervise/network.ts";
import { findDeno, type RuntimeName } from "./supervise/program.ts";
import { lagOf, statusLine, type NetworkStatus } from "./supervise/status.ts";
import { UserError } from "./user-error.ts";

export interface UpOptions {
  readonly dir?: string;
  readonly runtime?: RuntimeName;
  readonly port?: number;
  /** `false` leaves the sample show out. */
  readonly sample?: boolean;
  /** A new network's members are linked with a hub, and with nobody else. */
  readonly hub?: boolean;
}

/** Starting takes a second or two; a machine under load several. */
const START_TIMEOUT_MS = 60_000;
/** A new show is at every edge within a round of anti-entropy. */
const SHOW_TIMEOUT_MS = 5000;
const STATUS_INTERVAL_MS = 1000;
/** From here on being behind is worth a line. */
const NOTABLE_LAG_MS = 1000;

/** Starts a whole network on this machine and keeps it running until it is asked to stop. */
export async function up(options: UpOptions): Promise<void> {
  const folder = findOrMakeFolder(options);
  await buildPages();
  await refuseSecond(folder);
  await refuseTakenPorts(folder);
  if (options.runtime === undefined && !findDeno())
    say("No Deno is installed for this platform: the network runs on Node.");
  const log = new MemberLog([...folder.edges, ...folder.processes, ...folder.programs].map(({ name }) => name));
  const network = new RunningNetwork(folder, options.runtime, {
    online: (name, line) => log.write(name, line),
    onevent: (name, message) => log.write(name, style("yellow", message)),
  });
  const stop = stopAsked();
  const control = await listenForControl(controlPath(folder.path), (asked) => answer(asked, network, stop.ask));
  network.start();
  const isWhole = await Promise.race([network.whenWhole(START_TIMEOUT_MS), stop.asked.then(() => undefined)]);
  if (isWhole === true && options.sample !== false) await createSampleShow(folder, network, log);
  if (isWhole === false) log.note(style("red", `not everyone is up: ${statusLine(await network.status())}`));
  if (isWhole === true) sayAddresses(folder, log);
  const watching = watchStatus(network, log, folder);
  const failed = isWhole === false && network.givenUp().length > 0;
  if (!failed) await stop.asked;
  clearInterval(watching);
  log.note("stopping");
  await network.stop();
  control.close();
  log.note("stopped");
  process.exit(failed ? 1 : 0);
}

function findOrMakeFolder(options: UpOptions): NetworkFolder {
  const path = options.dir ?? DEFAULT_FOLDER;
  const found = findFolder(path);
  if (found) return found;
  const first = options.port ?? DEFAULT_PORTS.public;
  const shift = first - DEFAULT_PORTS.public;
  const ports = { public: first, backbone: DEFAULT_PORTS.backbone + shift };
  const local = localProcesses(shifted(DEFAULT_LOCAL_PORTS, shift));
  const { orders, provider } = DEFAULT_SHOP_PORTS;
  const shop = localShop({ orders: orders + shift, provider: provider + shift });
  const edges = localEdges(ports);
  const { dns, dnsStatus, lb, lbStatus } = DEFAULT_STEERING_PORTS;
  const steering = localSteering(edges, {
    dns: dns + shift,
    dnsStatus: dnsStatus + shift,
    lb: lb + shift,
    lbStatus: lbStatus + shift,
  });
  const hub = options.hub === true ? { hub: { host: "127.0.0.1", backbone: DEFAULT_HUB_PORT + shift } } : {};
  const processes = [...local.processes, ...shop.processes];
  const programs = [...local.programs, ...shop.programs, ...steering];
  return writeFolder(path, planNetwork({ edges, ...local, processes, programs, ports, inspect: true, ...hub }));
}

async function refuseSecond(folder: NetworkFolder): Promise<void> {
  const running = await askControl(controlPath(folder.path), { ask: "status" });
  if (running) throw new UserError(`the network in "${folder.path}" is up already: ${running.text}`);
}

async function refuseTakenPorts(folder: NetworkFolder): Promise<void> {
  for (const { name, config } of [...folder.edges, ...folder.processes])
    for (const { host, port } of listenersOf(folder.configOf(config)))
      if (!(await isFree(host, port)))
        throw new UserError(
          `${host}:${port}, which "${name}" needs, is taken: another network may be up (--dir and --port make a second one)`,
        );
}

function listenersOf(config: Config): ListenConfig[] {
  const listeners = config.role === "edge" ? [config.public, config.backbone] : [config.backbone, config.status];
  return listeners.filter((listener) => listener !== undefined);
}

/** A stop that a signal or a request on the control socket asks for; a signal that comes later ends this process at once. */
function stopAsked(): { readonly asked: Promise<void>; readonly ask: () => void } {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  let askedAt: number | undefined;
  const onsignal = () => {
    // The children's lifelines end with this process, and they stop by themselves.
    if (askedAt !== undefined && Date.now() - askedAt > SAME_SIGNAL_MS) process.exit(1);
    askedAt ??= Date.now();
    ask();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onsignal);
  return { asked, ask };
}

async function answer(asked: ControlRequest, network: RunningNetwork, stop: () => void): Promise<ControlAnswer> {
  switch (asked.ask) {
    case "status":
      return { ok: true, text: statusLine(await network.status()) };
    case "kill": {
      const pid = network.kill(asked.name);
      if (pid !== undefined)
        return { ok: true, text: `killed "${asked.name}" (pid ${pid}); it starts again by itself` };
      return { ok: false, text: `no "${asked.name}" is running; there are ${network.names.join(", ")}` };
    }
    case "stop":
      stop();
      return { ok: true, text: "stopping" };
  }
}

/** Where the network has no show yet, the first minute needs one. */
async function createSampleShow(folder: NetworkFolder, network: RunningNetwork, log: MemberLog): Promise<void> {
  const status = await network.status();
  if (status.edges.some(({ health }) => (health?.shows.length ?? 0) > 0)) return;
  const api = new EdgeApi(folder.edges[0]!.address, folder.operatorToken("producer"));
  try {
    await api.createShow(SAMPLE_SHOW);
    await network.whenWhole(SHOW_TIMEOUT_MS);
    for (const { id } of SAMPLE_SHOW.thresholds) await api.commandThreshold(SAMPLE_SHOW.id, id, "arm");
    for (const { id } of SAMPLE_SHOW.products) await api.commandProduct(SAMPLE_SHOW.id, id, "offer");
    log.note(`created the sample show "${SAMPLE_SHOW.id}": hold Open in the console, or \`redbutton poll open\``);
  } catch (error) {
    log.note(
      style("red", `creating the sample show failed: ${error instanceof Error ? error.message : String(error)}`),
    );
  }
}

/** How long the links that `up` prints are good, minutes: a day of trying things out. */
const LINK_MINUTES = 24 * 60;

/** Where people go. Tokens stand behind "#", which browsers keep to themselves. */
function sayAddresses(folder: NetworkFolder, log: MemberLog): void {
  const { address } = folder.edges[0]!;
  const token = (role: OperatorRole) => folder.operatorToken(role, LINK_MINUTES);
  const poll = `${SAMPLE_SHOW.polls[0].id}?show=${SAMPLE_SHOW.id}`;
  log.note(`television  ${address}/tv/`);
  log.note(`shopping    ${address}/tv/#token=${folder.receiverToken("living-room", LINK_MINUTES)}`);
  log.note(`console     ${address}/console/#token=${token("producer")}`);
  log.note(`graphics    ${address}/graphics/${poll}#token=${token("reader")}`);
}

/** Says how the network is, at once and whenever that changes. */
function watchStatus(network: RunningNetwork, log: MemberLog, folder: NetworkFolder): NodeJS.Timeout {
  let said = "";
  const look = async () => {
    const status = await network.status();
    const line = statusLine(status);
    const isBehind = lagOf(status) >= NOTABLE_LAG_MS;
    const gist = `${line.replace(/lag \d+ ms/, "")}${isBehind}`;
    if (gist === said) return;
    said = gist;
    log.note(`${style("bold", line)} · ${addresses(status, folder)}`);
  };
  void look();
  return setInterval(() => void look(), STATUS_INTERVAL_MS);
}

function addresses(status: NetworkStatus, folder: NetworkFolder): string {
  const live = new Set(status.edges.filter(({ health }) => health).map(({ edge }) => edge.name));
  return folder.edges.map(({ name, address }) => (live.has(name) ? `${address}/tv/` : style("dim", address))).join(" ");
}
