import * as awareness from "y-protocols/awareness";
import * as sync from "y-protocols/sync";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { CLOSE } from "../../../edge/close.ts";
import { KEEPALIVE_MS, MAX_READER_WAITING_BYTES, ROOM_INTERVAL_MS } from "../../../edge/room.ts";
import { Harness, HOUR_MS, problemOf, type TestSocket } from "./harness.ts";

const path = "/v1/rooms/demo/tallies";

function message(type: number, write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, type);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

const step1 = (doc: Y.Doc) => message(0, (encoder) => sync.writeSyncStep1(encoder, doc));

/** Does with what came what the stock provider does; returns how many messages there were. */
function hear(socket: TestSocket, doc: Y.Doc): number {
  const messages = socket.sent.splice(0);
  for (const bytes of messages) {
    const decoder = decoding.createDecoder(bytes as Uint8Array);
    const reply = encoding.createEncoder();
    if (decoding.readVarUint(decoder) === 0) sync.readSyncMessage(decoder, reply, doc, "edge");
    else
      awareness.applyAwarenessUpdate(new awareness.Awareness(new Y.Doc()), decoding.readVarUint8Array(decoder), "edge");
    expect(encoding.length(reply)).toBe(0);
  }
  return messages.length;
}

async function joined(options: ConstructorParameters<typeof Harness>[0] = {}) {
  const harness = new Harness(options);
  const source = harness.show.documents.tallies;
  source.getMap("registers").set("fra", { present: 1 });
  const doc = new Y.Doc();
  const socket = await harness.dial(`${path}?token=${harness.operator("reader")}`);
  socket.onmessage(step1(doc));
  hear(socket, doc);
  return { harness, source, doc, socket };
}

describe("the door of a room", () => {
  test.for<[what: string, path: string, status: number, code: string]>([
    ["no token", path, 401, "token_missing"],
    ["an empty token", `${path}?token=`, 401, "token_missing"],
    ["a wrong token", `${path}?token=a.b.c`, 401, "token_invalid"],
    ["a document that is none", "/v1/rooms/demo/x?token=a.b.c", 404, "not_found"],
    ["the ledger", "/v1/rooms/demo/ledger/0?token=a.b.c", 404, "not_found"],
  ])("stays shut to %s", async ([, address, status, code]) => {
    const harness = new Harness();
    const response = await harness.ask("GET", address, { headers: { Upgrade: "websocket" } });
    expect(await problemOf(response)).toMatchObject({ status, code });
    expect(harness.sockets).toEqual([]);
  });

  test("stays shut to receivers, to readers of other shows, and to what is no WebSocket", async () => {
    const harness = new Harness();
    const knock = async (token: string, address = path, headers: Record<string, string> = { Upgrade: "websocket" }) =>
      (await problemOf(await harness.ask("GET", `${address}?token=${token}`, { headers }))).code;
    expect(await knock(harness.receiver())).toBe("forbidden");
    expect(await knock(harness.operator("producer", ["other"]))).toBe("forbidden");
    expect(await knock(harness.operator("reader"), "/v1/rooms/x/board")).toBe("unknown_show");
    expect(await knock(harness.operator("reader"), path, {})).toBe("malformed");
    const expired = harness.operator("reader");
    harness.world.time += HOUR_MS;
    expect(await knock(expired)).toBe("token_expired");
  });

  test.for(["board", "tallies"] as const)(
    "opens to a reader's token in the address or in a header: %s",
    async (kind) => {
      const harness = new Harness();
      harness.show.documents[kind].getMap("m").set("kind", kind);
      const token = harness.operator("reader", ["demo"]);
      const address = `/v1/rooms/demo/${kind}`;
      const headers = { Authorization: `Bearer ${token}` };
      for (const socket of [await harness.dial(`${address}?token=${token}`), await harness.dial(address, headers)]) {
        const doc = new Y.Doc();
        socket.onmessage(step1(doc));
        hear(socket, doc);
        expect(doc.getMap("m").toJSON()).toEqual({ kind });
      }
    },
  );
});

describe("a reader", () => {
  test("is told what it lacks, then what changes, many changes at once and only their outcome", async () => {
    const { harness, source, doc, socket } = await joined();
    expect(doc.getMap("registers").toJSON()).toEqual({ fra: { present: 1 } });
    for (let present = 2; present <= 500; present++) source.getMap("registers").set("fra", { present });
    expect(socket.sent).toEqual([]);
    harness.world.advance(ROOM_INTERVAL_MS);
    expect(socket.sent[0]?.length).toBeLessThan(80);
    expect(hear(socket, doc)).toBe(1);
    expect(doc.getMap("registers").toJSON()).toEqual({ fra: { present: 500 } });
    harness.world.advance(ROOM_INTERVAL_MS);
    expect(socket.sent).toEqual([]);
  });

  test("that comes between two updates misses nothing", async () => {
    const { harness, source } = await joined();
    source.getMap("registers").set("nyc", 1);
    const doc = new Y.Doc();
    const socket = await harness.dial(`${path}?token=${harness.operator("reader")}`);
    harness.world.advance(ROOM_INTERVAL_MS);
    expect(socket.sent).toEqual([]);
    source.getMap("registers").set("syd", 1);
    socket.onmessage(step1(doc));
    source.getMap("registers").set("syd", 2);
    harness.world.advance(ROOM_INTERVAL_MS);
    hear(socket, doc);
    expect(doc.getMap("registers").toJSON()).toEqual({ fra: { present: 1 }, nyc: 1, syd: 2 });
    expect(doc.store.pendingStructs).toBeNull();
  });

  test("may ask again, and gets nothing twice", async () => {
    const { doc, socket } = await joined();
    const before = Y.encodeStateAsUpdate(doc);
    socket.onmessage(step1(doc));
    expect(hear(socket, doc)).toBe(1);
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before);
  });

  test("hears from the edge before the stock provider would dial again", async () => {
    const { harness, doc, socket } = await joined();
    harness.world.advance(KEEPALIVE_MS);
    expect(socket.sent).toEqual([Uint8Array.of(1, 1, 0)]);
    hear(socket, doc);
    harness.world.advance(KEEPALIVE_MS);
    expect(socket.sent).toHaveLength(1);
  });

  test("whose token ends is closed", async () => {
    const { harness, socket } = await joined();
    harness.world.advance(HOUR_MS);
    expect(socket.closed?.code).toBe(CLOSE.token);
  });

  test("that does not read is closed, to come back", async () => {
    const { harness, source, socket } = await joined();
    socket.bufferedAmount = MAX_READER_WAITING_BYTES;
    source.getMap("registers").set("fra", 2);
    harness.world.advance(ROOM_INTERVAL_MS);
    expect(socket.closed).toBeUndefined();
    socket.bufferedAmount += 1;
    source.getMap("registers").set("fra", 3);
    harness.world.advance(ROOM_INTERVAL_MS);
    expect(socket.closed?.code).toBe(CLOSE.slow);
  });

  test("costs nothing once it is gone", async () => {
    const { harness, source, socket } = await joined();
    source.getMap("registers").set("fra", 2);
    socket.close(1000, "off");
    expect(harness.world.pending).toBe(0);
    expect(await (await harness.ask("GET", "/metrics")).text()).toContain("redbutton_reader_sockets 0\n");
  });

  test("is closed by an edge that is about to stop", async () => {
    const { harness, socket } = await joined();
    harness.app.dismiss();
    expect(socket.closed?.code).toBe(CLOSE.unavailable);
    expect(harness.world.pending).toBe(0);
  });
});

describe("what a reader sends", () => {
  const written = new Y.Doc();
  written.getMap("registers").set("fra", "forged");
  const update = (bytes: Uint8Array) => message(0, (encoder) => sync.writeUpdate(encoder, bytes));
  const step2 = (doc: Y.Doc) => message(0, (encoder) => sync.writeSyncStep2(encoder, doc));
  const presence = message(1, (encoder) =>
    encoding.writeVarUint8Array(
      encoder,
      awareness.encodeAwarenessUpdate(new awareness.Awareness(written), [written.clientID]),
    ),
  );

  test.for<[what: string, bytes: Uint8Array]>([
    ["its presence", presence],
    ["a question for others' presence", Uint8Array.of(3)],
    ["an empty sync step 2", step2(new Y.Doc())],
    ["an empty update", update(Uint8Array.of(0, 0))],
  ])("%s is ignored", async ([, bytes]) => {
    const { source, socket } = await joined();
    const before = Y.encodeStateAsUpdate(source);
    socket.onmessage(bytes);
    expect([socket.closed, socket.sent]).toEqual([undefined, []]);
    expect(Y.encodeStateAsUpdate(source)).toEqual(before);
  });

  test.for<[what: string, bytes: Uint8Array | string]>([
    ["an update", update(Y.encodeStateAsUpdate(written))],
    ["a sync step 2 with something in it", step2(written)],
    ["an update that claims 33 million structs", update(Uint8Array.of(1, 0x80, 0x80, 0x80, 0x10, 1, 0))],
    ["a state vector that cannot be read", Uint8Array.of(0, 0, 2, 255, 255)],
    ["a message of an unknown type", Uint8Array.of(9)],
    ["an unknown sync step", Uint8Array.of(0, 7, 0)],
    ["nothing", new Uint8Array()],
    ["a megabyte", new Uint8Array(1024 * 1024)],
    ["text", "hello"],
  ])("%s closes its socket for good, and nothing of it is applied", async ([, bytes]) => {
    const { harness, source, socket } = await joined();
    const before = Y.encodeStateAsUpdate(source);
    socket.onmessage(bytes);
    expect(socket.closed?.code).toBe(CLOSE.offence);
    expect(new TextEncoder().encode(socket.closed?.reason).length).toBeLessThan(124);
    expect(Y.encodeStateAsUpdate(source)).toEqual(before);
    expect(harness.world.pending).toBe(0);
  });

  test("comes only so fast", async () => {
    const { harness, socket } = await joined({ limits: { messagesPerReader: { burst: 3, perSecond: 1 } } });
    socket.onmessage(presence);
    socket.onmessage(presence);
    expect(socket.closed).toBeUndefined();
    harness.world.time += 1000;
    socket.onmessage(presence);
    expect(socket.closed).toBeUndefined();
    socket.onmessage(presence);
    expect(socket.closed?.code).toBe(CLOSE.tooFast);
  });
});
