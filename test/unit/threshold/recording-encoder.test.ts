// The encoder without video: each cue on disk once, whatever happens to it meanwhile.
import { appendFileSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Cue } from "../../../monitor/cue.ts";
import { encoderHandler, encoderToken, HttpEncoder, MAX_CUE_BYTES } from "../../../monitor/recording-encoder/http.ts";
import { FileJournal } from "../../../monitor/recording-encoder/journal.ts";
import { RecordingEncoder } from "../../../monitor/recording-encoder/recording-encoder.ts";
import { cleanUp, mountSmallDisk, removeFolder, temporaryFolder } from "../../support/database.ts";

const cleanup: (() => unknown)[] = [];
let path: string;

beforeEach(() => {
  const folder = temporaryFolder();
  cleanup.push(() => removeFolder(folder));
  path = join(folder, "cues.jsonl");
});
afterEach(() => cleanUp(cleanup));

function cue(eventId: number, given: Partial<Cue> = {}): Cue {
  const message = { kind: "text", text: "10,000 viewers" } as const;
  const id = eventId.toString(16).padStart(32, "0");
  return { id, eventId, show: "final", threshold: "crowd", epoch: 1, message, durationMs: 5000, firedAt: 9, ...given };
}

function open(at = path): RecordingEncoder {
  const encoder = new RecordingEncoder(FileJournal.open(at), { now: () => 1000 });
  cleanup.push(() => {
    try {
      encoder.close();
    } catch {
      // Closed by the test already.
    }
  });
  return encoder;
}

const idsOf = (encoder: RecordingEncoder) => encoder.cues().map(({ cue: { eventId } }) => eventId);

test("a cue is written down once, however often it comes, also after a restart", async () => {
  const encoder = open();
  await Promise.all([encoder.inject(cue(1)), encoder.inject(cue(2)), encoder.inject(cue(1, { firedAt: 77 }))]);
  encoder.close();
  const again = open();
  await again.inject(cue(1));
  await again.inject(cue(3));
  expect([idsOf(again), again.duplicates]).toEqual([[1, 2, 3], 1]);
  expect(again.cues()[0]).toEqual({ cue: cue(1), takenAt: 1000 });
});

test("a line that a crash tore is cut off, and the file goes on", async () => {
  const encoder = open();
  await encoder.inject(cue(1));
  await encoder.inject(cue(2));
  encoder.close();
  truncateSync(path, readFileSync(path).length - 5);
  const again = open();
  expect(idsOf(again)).toEqual([1]);
  await again.inject(cue(2));
  again.close();
  expect(idsOf(open())).toEqual([1, 2]);
});

test("a file with damage within is refused, with the line", async () => {
  const encoder = open();
  await encoder.inject(cue(1));
  encoder.close();
  appendFileSync(path, "{}x\n{}\n");
  expect(() => FileJournal.open(path)).toThrow("line 2 is no cue");
});

test("a known cue under another event id is refused", async () => {
  const encoder = open();
  await encoder.inject(cue(1));
  await expect(encoder.inject(cue(1, { eventId: 2 }))).rejects.toThrow("event id 2, and came with 1");
});

const disk = mountSmallDisk(256 * 1024);
afterEach(() => (typeof disk === "string" ? undefined : disk.free()));
describe.skipIf(typeof disk === "string")(`a full disk${typeof disk === "string" ? ` (skipped: ${disk})` : ""}`, () => {
  test("refuses the cue and tears nothing; with room again all goes on", async () => {
    if (typeof disk === "string") return;
    const encoder = open(join(disk.folder, "cues.jsonl"));
    disk.fill();
    let taken = 0;
    const fill = async () => {
      for (; taken < 10_000; taken++) await encoder.inject(cue(taken + 1));
    };
    await expect(fill()).rejects.toThrow("ENOSPC");
    disk.free();
    await encoder.inject(cue(taken + 1));
    encoder.close();
    expect(idsOf(open(join(disk.folder, "cues.jsonl")))).toEqual(Array.from({ length: taken + 1 }, (_, i) => i + 1));
  });
});

describe("over HTTP", () => {
  const token = encoderToken(new Uint8Array(32).fill(7));
  const post = (body: string, bearer = token) =>
    new Request("http://encoder/cues", { method: "POST", body, headers: { authorization: `Bearer ${bearer}` } });

  test("it answers once the cue is taken, and takes none from strangers or of another shape", async () => {
    const encoder = open();
    const answer = encoderHandler(encoder, token);
    const statuses = async (...requests: Request[]) =>
      (await Promise.all(requests.map((request) => answer(request)))).map(({ status }) => status);
    const one = JSON.stringify(cue(1));
    const wrong = [cue(2, { id: "x" }), cue(0), cue(2 ** 32), { ...cue(2), message: { kind: "song" } }, {}];
    expect(await statuses(post(one), post(one), post(one, "guess"), post("{"))).toEqual([204, 204, 401, 400]);
    expect(await statuses(...wrong.map((each) => post(JSON.stringify(each))))).toEqual(wrong.map(() => 400));
    expect(await statuses(post("x".repeat(MAX_CUE_BYTES + 1)))).toEqual([413]);
    expect(idsOf(encoder)).toEqual([1]);
  });

  test("who cannot reach it is told so", async () => {
    await expect(new HttpEncoder("http://127.0.0.1:9", token).inject(cue(1))).rejects.toThrow();
  });
});
