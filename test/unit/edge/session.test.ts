import { describe, expect, test } from "vitest";
import { CLOSE } from "../../../edge/close.ts";
import { PUSH_INTERVAL_MS } from "../../../edge/feed.ts";
import { refuse } from "../../../edge/refusal.ts";
import { HELLO_TIMEOUT_MS, MAX_MESSAGE_CHARS, MAX_WAITING_BYTES } from "../../../edge/session.ts";
import { MAX_SOCKETS_PER_RECEIVER } from "../../../edge/socket-counts.ts";
import { settle } from "../../support/world.ts";
import { Harness, HOUR_MS, problemOf, TestSocket } from "./harness.ts";

const path = "/v1/shows/demo/live";
const ballot = { type: "ballot", id: "b1", poll: "open", option: "no", press: 1 };

async function greeted(limits = {}): Promise<{ harness: Harness; socket: TestSocket }> {
  const harness = new Harness({ limits });
  await harness.open("open", "once", "three");
  const socket = await harness.dial(path);
  socket.say({ type: "hello", token: harness.receiver() });
  socket.sent.splice(0);
  return { harness, socket };
}

describe("a session whose program slept", () => {
  test("goes on where its socket was kept, without another hello", async () => {
    const { harness, socket } = await greeted();
    const receiver = { subject: "tv-1", signed: false, expiresAt: harness.world.time + HOUR_MS };
    expect(socket.kept).toEqual({ show: "demo", receiver });
    const woken = new Harness();
    await woken.open("open");
    const same = new TestSocket();
    expect(woken.app.resume(same, { show: "demo", receiver })).toBeUndefined();
    expect(same.take()).toMatchObject([{ type: "content" }]);
    same.say(ballot);
    await settle();
    expect(same.take()).toMatchObject([{ type: "receipt", id: "b1", option: "no" }]);
    woken.world.advance(HELLO_TIMEOUT_MS);
    expect([same.closed, woken.app.sockets().receivers]).toEqual([undefined, 1]);
  });

  test("waits where its show is not ready yet", () => {
    const woken = new Harness();
    woken.edge.refusal = refuse("not_ready", "catching up");
    const kept = { show: "demo", receiver: { subject: "tv-1", signed: false, expiresAt: Infinity } };
    const same = new TestSocket();
    expect(woken.app.resume(same, kept)?.refused).toBe("not_ready");
    expect([same.closed, same.sent]).toEqual([undefined, []]);
  });
});

describe("the hello", () => {
  test("of a receiver that has many sockets already is refused, until one of them ends", async () => {
    const harness = new Harness();
    const hello = { type: "hello", token: harness.receiver() };
    const sockets: TestSocket[] = [];
    for (let i = 0; i < MAX_SOCKETS_PER_RECEIVER; i++) sockets.push(await harness.dial(path));
    for (const socket of sockets) socket.say(hello);
    expect(sockets.map(({ closed }) => closed)).toEqual(sockets.map(() => undefined));
    const refused = await harness.dial(path);
    refused.say(hello);
    expect(refused.take()).toMatchObject([{ type: "refused", code: "rate_limited" }]);
    expect(refused.closed?.code).toBe(CLOSE.tooFast);
    const another = await harness.dial(path);
    another.say({ type: "hello", token: harness.receiver("tv-2") });
    expect(another.take()).toMatchObject([{ type: "welcome" }, { type: "content" }]);
    sockets[0]!.close(1000, "gone");
    const next = await harness.dial(path);
    next.say(hello);
    expect(next.take()).toMatchObject([{ type: "welcome" }, { type: "content" }]);
  });

  test("of a receiver whose shard is elsewhere is told which one it is", async () => {
    const harness = new Harness();
    harness.show.arrivalRefusal = refuse("wrong_shard", "elsewhere", { extra: { shard: 3 } });
    const socket = await harness.dial(path);
    socket.say({ type: "hello", token: harness.receiver() });
    expect(socket.take()).toMatchObject([{ type: "refused", code: "wrong_shard", shard: 3 }]);
    expect(socket.closed?.code).toBe(CLOSE.wrongShard);
    expect(socket.kept).toBeUndefined();
  });

  test("is answered with a welcome and the content, and marks presence", async () => {
    const harness = new Harness();
    await harness.show.deeds.publish(
      { id: "rules", kind: "page", title: "Rules", text: "One each.", at: 5 },
      undefined,
      "ann",
    );
    const socket = await harness.dial(path);
    socket.say({ type: "hello", token: harness.receiver() });
    const time = harness.world.time;
    expect(socket.take()).toEqual([
      { type: "welcome", receiver: "tv-1", revision: "00000000000000b1-2", time },
      {
        type: "content",
        revision: "00000000000000b1-2",
        time,
        polls: [],
        content: [{ id: "rules", kind: "page", title: "Rules", text: "One each.", at: 5 }],
        products: [],
      },
    ]);
    expect([...harness.show.arrived]).toEqual([["tv-1", false]]);
  });

  test("that names the revision gets no content again", async () => {
    const harness = new Harness();
    const revisions = ["00000000000000b1-1", "00000000000000b1-0", "00000000000000b0-1", ""];
    const kinds: unknown[] = [];
    for (const revision of revisions) {
      const socket = await harness.dial(path);
      socket.say({ type: "hello", token: harness.receiver(), revision });
      kinds.push(socket.take().map(({ type }) => type));
    }
    expect(kinds).toEqual([["welcome"], ["welcome", "content"], ["welcome", "content"], ["welcome", "content"]]);
  });

  test("has to come in time", async () => {
    const harness = new Harness();
    const [late, inTime] = [await harness.dial(path), await harness.dial(path)];
    harness.world.advance(HELLO_TIMEOUT_MS - 1);
    inTime.say({ type: "hello", token: harness.receiver() });
    expect(late.closed).toBeUndefined();
    harness.world.advance(1);
    expect(late.closed?.code).toBe(CLOSE.silent);
    expect(inTime.closed).toBeUndefined();
  });

  test.for<[what: string, message: (harness: Harness) => object, code: number, refused: string]>([
    ["a ballot instead", () => ballot, CLOSE.offence, "malformed"],
    ["no token", () => ({ type: "hello" }), CLOSE.offence, "malformed"],
    ["a wrong token", () => ({ type: "hello", token: "a.b.c" }), CLOSE.token, "token_invalid"],
    [
      "an operator's token",
      (harness) => ({ type: "hello", token: harness.operator("reader") }),
      CLOSE.forbidden,
      "forbidden",
    ],
  ])("that is %s is refused and closed", async ([, message, code, refused]) => {
    const harness = new Harness();
    const socket = await harness.dial(path);
    socket.say(message(harness));
    expect(socket.take()).toMatchObject([{ type: "refused", code: refused }]);
    expect(socket.closed?.code).toBe(code);
    expect(harness.world.pending).toBe(0);
  });

  test("cannot be said to an unknown show, to one that is not ready, or without an upgrade", async () => {
    const harness = new Harness();
    const upgrade = { headers: { Upgrade: "websocket" } };
    expect(await problemOf(await harness.ask("GET", "/v1/shows/x/live", upgrade))).toMatchObject({ status: 404 });
    expect(await problemOf(await harness.ask("GET", path))).toMatchObject({ status: 400, code: "malformed" });
    harness.edge.refusal = refuse("not_ready", "catching up");
    expect(await problemOf(await harness.ask("GET", path, upgrade))).toMatchObject({ status: 503 });
  });
});

describe("a ballot", () => {
  test("is answered with its receipt, by its id", async () => {
    const { harness, socket } = await greeted();
    socket.say({ ...ballot, id: 'a "name"', level: "peer" });
    await settle();
    expect(socket.take()).toEqual([
      {
        type: "receipt",
        id: 'a "name"',
        code: "RB-000001",
        show: "demo",
        poll: "open",
        option: "no",
        press: 1,
        k: 1,
        shard: 0,
        edge: "fra",
        boot: "b1",
        sequence: 1,
        level: "peer",
        time: harness.world.time,
      },
    ]);
  });

  test("does not wait for the one before", async () => {
    const { harness, socket } = await greeted();
    const gates: (() => void)[] = [];
    harness.show.beforeVote = () => new Promise((resolve) => gates.push(resolve));
    socket.say(ballot);
    socket.say({ ...ballot, id: "b2", poll: "three" });
    gates[1]?.();
    await settle();
    gates[0]?.();
    await settle();
    expect(socket.take().map(({ id }) => id)).toEqual(["b2", "b1"]);
  });

  test.for<[what: string, message: object, id: unknown, code: string]>([
    ["of an unknown poll", { ...ballot, poll: "x" }, "b1", "unknown_poll"],
    ["for an unknown option", { ...ballot, option: "maybe" }, "b1", "unknown_option"],
    ["before its poll is open", { ...ballot, poll: "secret" }, "b1", "poll_not_open"],
    ["without an option", { ...ballot, option: undefined }, "b1", "malformed"],
    ["without an id", { ...ballot, id: undefined }, undefined, "malformed"],
    ["with an id past the longest", { ...ballot, id: "x".repeat(65) }, "x".repeat(64), "malformed"],
    ["with press 0", { ...ballot, press: 0 }, "b1", "malformed"],
    ["of a type that is none", { ...ballot, type: "vote" }, "b1", "malformed"],
    ["that is a second hello", { type: "hello", token: "x" }, undefined, "malformed"],
    ["that is a list", [], undefined, "malformed"],
  ])("%s is refused, and the socket stays open", async ([, message, id, code]) => {
    const { socket } = await greeted();
    socket.say(message);
    await settle();
    expect(socket.take()).toEqual([
      expect.objectContaining({ type: "refused", code, ...(id === undefined ? {} : { id }) }),
    ]);
    expect(socket.closed).toBeUndefined();
    socket.say(ballot);
    await settle();
    expect(socket.take()).toMatchObject([{ type: "receipt" }]);
  });

  test("that contradicts is told the known press", async () => {
    const { socket } = await greeted();
    socket.say({ ...ballot, press: 5 });
    socket.say({ ...ballot, press: 5, option: "yes", id: "b2" });
    await settle();
    expect(socket.take()).toMatchObject([
      { type: "receipt" },
      { type: "refused", id: "b2", code: "press_conflict", known_press: 5 },
    ]);
  });

  test("that breaks something is refused without saying what", async () => {
    const { harness, socket } = await greeted();
    harness.show.beforeVote = () => Promise.reject(new Error("secret detail"));
    socket.say(ballot);
    await settle();
    expect(String(socket.sent[0])).not.toContain("secret detail");
    expect(socket.take()).toMatchObject([{ type: "refused", id: "b1", code: "internal" }]);
    expect(harness.world.lines).toEqual(["error: casting a ballot failed"]);
  });

  test("after the token's end closes the socket, to come back with another", async () => {
    const { harness, socket } = await greeted();
    harness.world.time += HOUR_MS - 1;
    socket.say(ballot);
    await settle();
    harness.world.time += 1;
    socket.say({ ...ballot, press: 2 });
    expect(socket.take()).toMatchObject([{ type: "receipt" }, { type: "refused", code: "token_expired" }]);
    expect(socket.closed?.code).toBe(CLOSE.token);
  });

  test("counts against the receiver's limit over all its sockets", async () => {
    const { harness, socket } = await greeted({ ballotsPerReceiver: { burst: 2, perSecond: 1 } });
    const other = await harness.dial(path);
    other.say({ type: "hello", token: harness.receiver() });
    other.sent.splice(0);
    socket.say(ballot);
    other.say(ballot);
    socket.say(ballot);
    await settle();
    expect(socket.take().map(({ type, code }) => [type, code])).toEqual([
      ["refused", "rate_limited"],
      ["receipt", "RB-000001"],
    ]);
    expect(other.take()).toMatchObject([{ type: "receipt" }]);
  });

  test("whose socket is gone meanwhile is answered to nobody", async () => {
    const { harness, socket } = await greeted();
    let open = () => {};
    harness.show.beforeVote = () => new Promise((resolve) => (open = resolve));
    socket.say(ballot);
    socket.close(1001, "off");
    open();
    await settle();
    expect(socket.sent).toEqual([]);
    expect(harness.show.requests).toHaveLength(1);
  });
});

describe("what closes a socket", () => {
  test.for<[what: string, message: string | Uint8Array, code: number]>([
    ["no JSON", "{", CLOSE.offence],
    ["a number", "7", CLOSE.offence],
    ["null", "null", CLOSE.offence],
    ["bytes, as of Yjs", Uint8Array.of(0, 0, 1, 0), CLOSE.offence],
    ["one character too many", JSON.stringify(ballot).padEnd(MAX_MESSAGE_CHARS + 1), CLOSE.tooLarge],
  ])("%s", async ([, message, code]) => {
    const { harness, socket } = await greeted();
    socket.onmessage(message);
    expect(socket.closed?.code).toBe(code);
    expect(harness.show.watchers).toBe(0);
  });

  test("not the largest message", async () => {
    const { socket } = await greeted();
    socket.onmessage(JSON.stringify(ballot).padEnd(MAX_MESSAGE_CHARS));
    await settle();
    expect(socket.take()).toMatchObject([{ type: "receipt" }]);
  });

  test("messages past the limit, and not those at it", async () => {
    const { harness, socket } = await greeted({ messagesPerSocket: { burst: 4, perSecond: 20 } });
    for (let press = 1; press <= 3; press++) socket.say({ ...ballot, press });
    expect(socket.closed).toBeUndefined();
    harness.world.time += 50;
    socket.say({ ...ballot, press: 4 });
    expect(socket.closed).toBeUndefined();
    socket.say({ ...ballot, press: 5 });
    expect(socket.closed?.code).toBe(CLOSE.tooFast);
    await settle();
    expect(harness.show.requests).toHaveLength(4);
  });

  test("an edge that is about to stop", async () => {
    const { harness, socket } = await greeted();
    const silent = await harness.dial(path);
    harness.app.dismiss();
    expect([socket.closed?.code, silent.closed?.code]).toEqual([CLOSE.unavailable, CLOSE.unavailable]);
    expect(harness.world.pending).toBe(0);
  });

  test("not reading what is sent", async () => {
    const { harness, socket } = await greeted();
    socket.bufferedAmount = MAX_WAITING_BYTES;
    harness.show.change();
    harness.world.advance(PUSH_INTERVAL_MS);
    expect(socket.closed).toBeUndefined();
    socket.bufferedAmount += 1;
    harness.show.change();
    harness.world.advance(PUSH_INTERVAL_MS);
    expect(socket.closed?.code).toBe(CLOSE.slow);
  });
});
