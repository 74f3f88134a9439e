import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Report } from "../../../crdt/inspect/report.ts";
import type { WhyData } from "../../../crdt/inspect/view/why.ts";
import { withFrames } from "../../../edge/cli/inspect/frame.ts";
import { writeFolder } from "../../../edge/cli/network/folder.ts";
import { planNetwork } from "../../../edge/cli/network/plan.ts";
import { MAX_PLACED, Placed } from "../../../monitor/encoder/placed.ts";
import { serveStatus } from "../../../monitor/encoder/status.ts";

const CUE = "e1e58d3eb804f398026080105fbfe4b3";
const placed = new Placed();
const servers: Server[] = [];
let folder: string;

beforeEach(async () => {
  placed.note({ show: "final", cue: CUE.slice(0, 16), eventId: 7, pts: 4_073_520, at: 1_000_090 });
  const encoder = await serveStatus({ host: "127.0.0.1", port: 0 }, () => ({ ok: true, problems: [] }), placed);
  const other = createServer((_request, response) => response.writeHead(404).end("no")).listen(0, "127.0.0.1");
  servers.push(encoder, other);
  if (!other.listening) await once(other, "listening");
  const program = (name: string, server: Server) => ({
    name,
    entry: "edge/runtime/encoder.ts",
    status: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    config: {},
  });
  const edges = [{ name: "fra", region: "fra", publicHost: "127.0.0.1", backboneHost: "127.0.0.1" }];
  folder = mkdtempSync(join(tmpdir(), "redbutton-frame-"));
  const plan = planNetwork({
    edges,
    ports: { public: 1, backbone: 2 },
    programs: [program("encoder", encoder), program("other", other)],
  });
  writeFolder(join(folder, "network"), plan);
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

function why(cue?: string): Report<WhyData> {
  const stage = { name: "accepted", state: "done", text: "", at: 1_000_000, afterMs: 0 } as const;
  const story = { show: "final", poll: "best", receiver: "ab", press: 1, k: 1, option: "red", presses: [] };
  const ballots = [{ ...story, stages: [stage], ...(cue === undefined ? {} : { cue }) }];
  return { version: 1, view: "why", at: 0, by: "fra", members: [], messages: [], data: { ballots } };
}

async function stagesOf(report: Report<WhyData>) {
  const { data } = await withFrames(report, join(folder, "network"));
  return (data as WhyData).ballots[0]!.stages;
}

test("the frame is told as the encoder tells it, whatever other programs there are", async () => {
  expect((await stagesOf(why(CUE))).at(-1)).toEqual({
    name: "frame",
    state: "done",
    text: "in the picture from PTS 4073520 on (45.261 s), event 7",
    at: 1_000_090,
    afterMs: 90,
  });
});

test("a ballot that fired no cue, or one that no encoder knows, has no frame", async () => {
  for (const cue of [undefined, "0".repeat(32)]) expect(await stagesOf(why(cue))).toHaveLength(1);
});

test("an encoder remembers the last cues, and no more", () => {
  const many = new Placed();
  for (let i = 0; i <= MAX_PLACED; i++) many.note({ show: "final", cue: String(i), eventId: i, pts: i, at: i });
  expect(many.list()).toHaveLength(MAX_PLACED);
  expect(many.list()[0]!.cue).toBe("1");
});
