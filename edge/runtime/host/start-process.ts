import { Member } from "../../../crdt/member.ts";
import type { ProcessConfig } from "../../config.ts";
import { METRICS_TYPE } from "../../metrics.ts";
import { MAX_LINK_MESSAGE_BYTES, MAX_PUBLIC_MESSAGE_BYTES, type Listener } from "./door.ts";
import { factsOf, inspectorOf } from "./inspector.ts";
import { memberOptions, type Running } from "./member.ts";
import type { MonitorProcess, OpenedProcess } from "./opened-process.ts";
import type { Starters, Surroundings } from "./run-member.ts";

/** How long requests under way and closing links may take when a process stops, ms. */
const CLOSE_GRACE_MS = 500;

/** Puts a process together: a member that dials every edge, and what monitor/ does with it. */
export async function startProcess(
  config: ProcessConfig,
  surroundings: Surroundings,
  open: (config: ProcessConfig, surroundings: Surroundings) => Promise<OpenedProcess>,
): Promise<Running> {
  const { world, door } = surroundings;
  const opened = await open(config, surroundings);
  const member = await Member.open(memberOptions(config, opened.store, surroundings));
  inspectorOf(config, member, () => factsOf(door.runtime));
  const started = opened.create(member);
  const listeners = await listen(config, surroundings, member, started);
  started.start();
  member.start();
  world.log("info", `${config.role} is up`, { boot: member.boot, store: config.store.url, runtime: door.runtime });
  const stop = async () => {
    await started.stop();
    member.stop();
    for (const listener of listeners) await listener.close(CLOSE_GRACE_MS);
    await opened.close();
  };
  return { stop };
}

/** For a program that is one kind of process, whatever role its configuration names. */
export function onlyProcess(
  open: (config: ProcessConfig, surroundings: Surroundings) => Promise<OpenedProcess>,
): Starters {
  return {
    edge: () => Promise.reject(new Error("got an edge's configuration, wanted a process's")),
    process: (config, surroundings) => startProcess(config, surroundings, open),
  };
}

/** Takes links of other processes, and says how this one is, where its configuration has addresses for that. */
async function listen(
  { backbone, status }: ProcessConfig,
  { door, world }: Surroundings,
  member: Member,
  started: MonitorProcess,
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  if (backbone)
    listeners.push(
      await door.listenBackbone({ ...backbone, maxMessageBytes: MAX_LINK_MESSAGE_BYTES }, (socket) =>
        member.backbone.accept(socket),
      ),
    );
  if (status) {
    const onerror = (error: unknown) => world.log("error", "answering a request failed", { error });
    listeners.push(
      await door.servePublic({ ...status, maxMessageBytes: MAX_PUBLIC_MESSAGE_BYTES, onerror }, (request) =>
        answer(request, started),
      ),
    );
  }
  return listeners;
}

async function answer({ method, url }: Request, started: MonitorProcess): Promise<Response> {
  if (method !== "GET") return new Response("only GET is answered here\n", { status: 405, headers: { Allow: "GET" } });
  const { pathname } = new URL(url);
  const show = /^\/orders\/([a-z0-9-]+)$/.exec(pathname)?.[1];
  const report = show === undefined ? undefined : await started.report?.(show);
  if (report) return Response.json(report, { headers: { "Cache-Control": "no-store" } });
  switch (pathname) {
    case "/healthz": {
      const health = started.health();
      return Response.json(health, { status: health.ok ? 200 : 503, headers: { "Cache-Control": "no-store" } });
    }
    case "/metrics":
      return new Response(started.metrics(), { headers: { "Content-Type": METRICS_TYPE } });
    default:
      return new Response("here are /healthz and /metrics\n", { status: 404 });
  }
}
