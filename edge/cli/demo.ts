import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EdgeApi } from "./api.ts";
import { runAudience, type AudiencePoll } from "./audience/audience.ts";
import { readBooks, type Books } from "./audience/books.ts";
import { Finder } from "./audience/finder.ts";
import { progressDisplay } from "./audience/progress.ts";
import { reportText, type AudienceReport } from "./audience/report.ts";
import { writeFolder, type NetworkFolder } from "./network/folder.ts";
import { CUE_JOURNAL, localProcesses, type LocalPorts } from "./network/local.ts";
import { DEFAULT_PORTS, planNetwork } from "./network/plan.ts";
import { freePorts } from "./network/ports.ts";
import { duration, grouped, say, style } from "./output.ts";
import { SAMPLE_SHOW } from "./sample-show.ts";
import { PlaylistReader } from "./signal/playlist.ts";
import { SignalReader } from "./signal/reader.ts";
import { RunningNetwork } from "./supervise/network.ts";
import type { RuntimeName } from "./supervise/program.ts";
import { statusLine } from "./supervise/status.ts";
import type { Threshold } from "./threshold.ts";
import { UserError } from "./user-error.ts";
import { membersOf } from "./verify/command.ts";
import { cueText } from "./verify/cues.ts";
import { pollText } from "./verify/poll-report.ts";
import { verifyShow } from "./verify/verify.ts";

export interface DemoOptions {
  readonly receivers: number;
  readonly runtime?: RuntimeName;
}

const EDGES = ["fra", "nyc", "syd"];
const VICTIM = "fra";
const THRESHOLD = "half";
/** Receivers a second: what a laptop that runs the whole network and its audience can take. */
const RATE = 2000;
/** On a machine that is busy with other things an answer may take long; the demo is about what counts, not about time. */
const PATIENCE = { timeoutMs: 10_000, deadlineMs: 120_000 } as const;
const START_TIMEOUT_MS = 60_000;
const FINAL_TIMEOUT_MS = 60_000;
const ASK_INTERVAL_MS = 100;

/** A network as the demo has it: everything that its steps need. */
interface Stage {
  readonly folder: NetworkFolder;
  readonly network: RunningNetwork;
  /** A receiver of the encoder's transport stream. */
  readonly signal: SignalReader;
  /** A receiver of the HLS that an edge serves. */
  readonly playlist: PlaylistReader;
  readonly poll: AudiencePoll;
  readonly tell: (text: string) => void;
}

/** The whole way once, in a temporary folder. Exit code 0 only if everything is equal in the end. */
export async function demo(options: DemoOptions): Promise<void> {
  const { folder, stream } = await writeDemoFolder();
  const signal = await SignalReader.listen(stream);
  const playlist = PlaylistReader.follow(playlistAddress(folder));
  const lines: string[] = [];
  const network = new RunningNetwork(folder, options.runtime, {
    online: (name, line) => lines.push(`${name} ${line}`),
    onevent: (name, message) => lines.push(`${name} ${message}`),
  });
  const log = join(folder.path, "members.log");
  process.once("SIGINT", () => void network.stop().then(() => process.exit(130)));
  try {
    await play({ folder, network, signal, playlist, poll: samplePoll(), tell: teller() }, options.receivers);
    playlist.close();
    await signal.close();
    await network.stop();
    rmSync(folder.path, { recursive: true });
  } catch (error) {
    playlist.close();
    await signal.close();
    await network.stop();
    writeFileSync(log, `${lines.join("\n")}\n`);
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message}\nEverything is still in "${folder.path}", what its members printed in "${log}".`,
    );
  }
}

function playlistAddress(folder: NetworkFolder): string {
  return `${folder.edgesNamed(EDGES[1])[0]!.address}/hls/${SAMPLE_SHOW.id}/live.m3u8`;
}

async function play(stage: Stage, receivers: number): Promise<void> {
  const { network, tell } = stage;
  const runtime = network.runtime === "deno" ? "Deno" : "Node";
  tell(`starting the edges ${EDGES.join(", ")}, two watchers, one of them records, and an encoder on ${runtime}`);
  network.start();
  if (!(await network.whenWhole(START_TIMEOUT_MS)))
    throw new UserError(`the network did not come up: ${statusLine(await network.status())}`);
  tell(statusLine(await network.status()));
  await openShow(stage);
  await armThreshold(stage, Math.ceil(receivers / 2));
  const report = await vote(stage, receivers);
  const cue = await seeItFired(stage);
  await seeItInThePicture(stage, cue);
  await finish(stage, report);
  await compare(stage, report);
}

async function openShow({ folder, network, poll, tell }: Stage): Promise<void> {
  const api = apiOf(folder, EDGES[1]!);
  await api.createShow(SAMPLE_SHOW);
  await network.whenWhole(START_TIMEOUT_MS);
  await api.command(SAMPLE_SHOW.id, poll.id, "arm");
  await api.command(SAMPLE_SHOW.id, poll.id, "open");
  tell(`show "${SAMPLE_SHOW.id}" is at every edge, poll "${poll.id}" is open`);
}

/** At half of the audience the picture is to say so: two watchers see it, and it is to be said once. */
async function armThreshold({ folder, poll, tell }: Stage, atLeast: number): Promise<void> {
  const api = apiOf(folder, EDGES[0]!);
  const message = { kind: "text", text: "{count} have voted" };
  await api.putThreshold(SAMPLE_SHOW.id, THRESHOLD, {
    rule: { kind: "voted", poll: poll.id, at_least: atLeast },
    message,
  });
  await api.commandThreshold(SAMPLE_SHOW.id, THRESHOLD, "arm");
  await waitForThreshold(api, (threshold) => threshold.state === "armed", "armed");
  tell(`threshold "${THRESHOLD}" is armed, at ${grouped(atLeast)} receivers that voted`);
}

async function seeItFired({ folder, tell }: Stage): Promise<string> {
  const api = apiOf(folder, EDGES[0]!);
  const { fired } = await waitForThreshold(
    api,
    ({ fired: [first] }) => first?.confirmed_at !== undefined,
    "fired and confirmed by the encoder",
  );
  const [cue] = fired;
  const journalled = readFileSync(join(folder.path, CUE_JOURNAL), "utf8").trimEnd().split("\n").length;
  if (!cue || fired.length !== 1 || journalled !== 1)
    throw new UserError(`threshold "${THRESHOLD}" fired ${fired.length} times, the encoder took ${journalled} cues`);
  const took = duration(cue.confirmed_at! - cue.at);
  tell(
    `threshold "${THRESHOLD}" fired once, at ${grouped(cue.value)}, seen first by "${cue.by}"; encoder after ${took}`,
  );
  return cue.id;
}

/** What receivers have of it, read by parsers that are not ours: mux.js the transport stream, m3u8-parser the playlist. */
async function seeItInThePicture({ signal, playlist, tell }: Stage, id: string): Promise<void> {
  const isIt = ({ cue }: { readonly cue: string }) => id.startsWith(cue);
  const found = signal.cues.filter(({ payload }) => isIt(payload));
  const [first] = found;
  if (!first || found.length !== 1) throw new UserError(`the cue stands ${found.length} times in the transport stream`);
  const { payload, at } = first;
  const text = payload.message.kind === "text" ? payload.message.text : payload.message.content;
  tell(`"${text}" is in the transport stream ${duration(at - payload.firedAt)} after the crossing, as mux.js reads it`);
  await playlist.read();
  const times = Math.max(...playlist.versions.map((announced) => announced.filter(isIt).length));
  if (times !== 1) throw new UserError(`the cue stands ${times} times in "${playlist.address}"`);
  tell(`and in the HLS that edge ${EDGES[1]} serves, as m3u8-parser reads it`);
}

async function waitForThreshold(
  api: EdgeApi,
  isReached: (threshold: Threshold) => boolean,
  wanted: string,
): Promise<Threshold> {
  const deadline = Date.now() + FINAL_TIMEOUT_MS;
  for (;;) {
    const { thresholds } = await api.thresholds(SAMPLE_SHOW.id);
    const found = thresholds.find(({ id }) => id === THRESHOLD);
    if (found && isReached(found)) return found;
    if (Date.now() > deadline)
      throw new UserError(`threshold "${THRESHOLD}" is ${found?.state ?? "not there"}, wanted ${wanted}`);
    await sleep(ASK_INTERVAL_MS);
  }
}

/** The audience votes at all edges; when half of it is done, one edge is killed and started again. */
async function vote({ folder, network, poll, tell }: Stage, receivers: number): Promise<AudienceReport> {
  tell(`${grouped(receivers)} receivers vote; some repeat, change their minds, move; ${VICTIM} will be killed`);
  const finder = new Finder(folder.edges);
  await finder.start();
  const display = progressDisplay(receivers);
  let accident: Promise<string> | undefined;
  const report = await runAudience({
    edges: folder.edges,
    finder,
    secret: folder.secret(),
    show: SAMPLE_SHOW.id,
    poll,
    receivers,
    rate: RATE,
    seed: 1,
    ...PATIENCE,
    books: join(folder.booksFolder, "demo.ndjson"),
    onprogress: (now) => {
      display.show(now);
      if (now.finished >= receivers / 2) accident ??= killAndWait(network);
    },
  });
  display.end();
  finder.stop();
  if (!accident) throw new UserError(`the audience was done before ${VICTIM} could be killed`);
  tell(await accident);
  tell(`steering sent receivers of twelve countries to their nearest edge: ${sentText(folder, finder)}`);
  say(indented(reportText(report)));
  if (!report.ok) throw new UserError(`${report.unknown.length} presses were never acknowledged`);
  return report;
}

function sentText({ edges }: NetworkFolder, finder: Finder): string {
  const sent = finder.given();
  return edges.map(({ name }, i) => `${name} ${grouped(sent[i]!.receivers)}`).join(", ");
}

async function killAndWait(network: RunningNetwork): Promise<string> {
  const began = performance.now();
  const pid = network.kill(VICTIM);
  const isBack = pid !== undefined && (await network.whenBack(VICTIM, pid, START_TIMEOUT_MS));
  const outcome = isBack ? `live again after ${duration(performance.now() - began)}` : "NOT BACK";
  return `meanwhile ${VICTIM} (pid ${pid}) was ended by kill -9, and is ${outcome}`;
}

/** Closes, waits until every edge has sealed and the recorder has latched the result everywhere, and releases it. */
async function finish({ folder, poll, tell }: Stage, { acknowledged }: AudienceReport): Promise<void> {
  const api = apiOf(folder, EDGES[2]!);
  const closed = performance.now();
  await api.command(SAMPLE_SHOW.id, poll.id, "close");
  tell(`poll closed; ${grouped(acknowledged)} acknowledged presses have to be in the result`);
  for (const { name } of folder.edges) await waitForFinal(apiOf(folder, name), poll.id);
  await api.command(SAMPLE_SHOW.id, poll.id, "release");
  tell(
    `sealed by ${EDGES.length} of ${EDGES.length} and final everywhere after ${duration(performance.now() - closed)}, 2 s of grace included; released`,
  );
}

async function waitForFinal(api: EdgeApi, poll: string): Promise<void> {
  const deadline = Date.now() + FINAL_TIMEOUT_MS;
  for (;;) {
    const found = (await api.show(SAMPLE_SHOW.id)).polls.find(({ id }) => id === poll);
    if (found?.final) return;
    if (Date.now() > deadline)
      throw new UserError(`the poll is not final at ${api.address}: it waits for ${found?.waiting_for.join(", ")}`);
    await sleep(ASK_INTERVAL_MS);
  }
}

async function compare({ folder, tell }: Stage, { booksFile }: AudienceReport): Promise<void> {
  const books: Books[] = booksFile === undefined ? [] : [readBooks(booksFile)];
  const report = await verifyShow({ ...membersOf(folder), show: SAMPLE_SHOW.id, books });
  tell("every log refolded and compared:");
  say(indented([...report.polls.map(pollText), ...report.cues.map(cueText)].join("\n\n")));
  if (!report.ok) throw new UserError("NOT EQUAL");
  tell(style(["bold", "green"], "the audience's books, every edge, every log and the database say the same"));
}

/** The sample show's first poll, as the audience has to know it. */
function samplePoll(): AudiencePoll {
  const { id, options } = SAMPLE_SHOW.polls[0];
  return { id, mode: "last", votes: 1, options: options.map((option) => option.id) };
}

function apiOf(folder: NetworkFolder, edge: string): EdgeApi {
  return new EdgeApi(folder.edgesNamed(edge)[0]!.address, folder.operatorToken("producer"));
}

async function writeDemoFolder(): Promise<{ readonly folder: NetworkFolder; readonly stream: number }> {
  const ports = await freePorts(EDGES.length * 2 + 6);
  const local = localPorts(ports.slice(EDGES.length * 2));
  const edges = EDGES.map((name, i) => ({
    name,
    region: name,
    publicHost: "127.0.0.1",
    backboneHost: "127.0.0.1",
    ports: { public: ports[i]!, backbone: ports[EDGES.length + i]! },
  }));
  const plan = planNetwork({
    edges,
    ...localProcesses(local),
    ports: DEFAULT_PORTS,
  });
  return { folder: writeFolder(mkdtempSync(join(tmpdir(), "redbutton-demo-")), plan), stream: local.stream };
}

function localPorts([
  backbone = 0,
  monitor = 0,
  watcher = 0,
  status = 0,
  encoder = 0,
  stream = 0,
]: number[]): LocalPorts {
  return { backbone, status: [monitor, watcher, status], encoder, stream };
}

/** Tells what happens with the time since the demo began. */
function teller(): (text: string) => void {
  const began = performance.now();
  return (text) => say(`${style("dim", `${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s`)}  ${text}`);
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "         ");
}
