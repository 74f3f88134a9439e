// Receivers' WebSockets with wrong messages, and connections with no HTTP: closed with a code that says why.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EdgeConfig } from "../../edge/config.ts";
import type { Cluster } from "../support/cluster.ts";
import { LiveReceiver } from "../support/live-receiver.ts";
import { GOOD, PAST, SHOW, Siege } from "./siege.ts";

let siege: Siege;
let cluster: Cluster;

beforeAll(async () => {
  siege = await Siege.begin();
  cluster = siege.cluster;
});
afterAll(() => siege?.cluster.end());

describe("a receiver's WebSocket", () => {
  const join = () => LiveReceiver.join(cluster.address("fra"), SHOW, cluster.receiverToken("player"));

  test.for<[what: string, send: (receiver: LiveReceiver) => void, code: number]>([
    [
      "a ballot before the hello",
      (receiver) => receiver.send({ type: "ballot", id: "1", poll: "best", ...GOOD }),
      4400,
    ],
    ["a hello with a bad token", (receiver) => receiver.send({ type: "hello", token: "garbage" }), 4401],
    [
      "a hello with an expired token",
      (receiver) => receiver.send({ type: "hello", token: cluster.receiverToken("x", { exp: PAST }) }),
      4401,
    ],
    [
      "a hello with an operator's token",
      (receiver) => receiver.send({ type: "hello", token: cluster.operatorToken("reader") }),
      4403,
    ],
    ["no hello at all", () => {}, 4508],
  ])("ends on %s", async ([, send, code]) => {
    const receiver = await LiveReceiver.connect(cluster.address("nyc"), SHOW);
    send(receiver);
    expect(await receiver.closed).toMatchObject({ code });
  });

  test.for<[what: string, message: string | Uint8Array<ArrayBuffer>, code: number]>([
    ["no JSON", "{", 4400],
    ["no object", "7", 4400],
    ["a sync step 1 of Yjs", Uint8Array.of(0, 0, 1, 0), 4400],
    ["an update of Yjs", Uint8Array.of(0, 2, 8, 1, 1, 5, 0, 0, 1, 0, 0), 4400],
    ["an oversized message", `"${"x".repeat(5000)}"`, 4413],
    ["an oversized frame", "x".repeat(70_000), 1009],
  ])("is closed on %s", async ([, message, code]) => {
    const receiver = await join();
    receiver.send(message);
    expect(await receiver.closed).toMatchObject({ code });
  });

  test("tells what is wrong with a ballot, and stays", async () => {
    const receiver = await join();
    const refusal = async (ballot: object) => (await receiver.cast({ poll: "best", ...GOOD, ...ballot }))["code"];
    expect(await refusal({ option: "pink" })).toBe("unknown_option");
    expect(await refusal({ poll: "worst" })).toBe("unknown_poll");
    expect(await refusal({ poll: "over" })).toBe("poll_closed");
    expect(await refusal({ press: -1 })).toBe("malformed");
    expect(await refusal({ k: 3 })).toBe("vote_out_of_range");
    expect(await receiver.cast({ poll: "once", ...GOOD })).toMatchObject({ type: "receipt" });
    receiver.close();
  });

  test("is closed on a flood", async () => {
    const receiver = await join();
    for (let i = 0; i < 100; i++) receiver.send({ type: "ballot", id: `${i}`, poll: "over", ...GOOD });
    expect(await receiver.closed).toMatchObject({ code: 4529 });
  });
});

describe.for(["public", "backbone"] as const)("on the %s address", (which) => {
  test.for<[what: string, bytes: Buffer]>([
    ["bytes that are no HTTP", randomBytes(4096)],
    ["half a request", Buffer.from("GET / HTTP/1.1\r\n")],
    ["a handshake that is none", Buffer.from("GET /link HTTP/1.1\r\nHost: x\r\nUpgrade: nonsense\r\n\r\n")],
    ["a head without end", Buffer.from(`GET / HTTP/1.1\r\nX: ${"x".repeat(200_000)}`)],
  ])("%s end their connection only", async ([, bytes]) => {
    const config = cluster.folder.configOf(cluster.folder.edges[0]!.config) as EdgeConfig;
    const socket = connect(config[which].port, config[which].host).on("error", () => {});
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume().end(bytes);
    await closed;
    expect(await cluster.client("fra").get("/readyz")).toMatchObject({ status: 200 });
  });
});

test("after all of it everything is as it has to be", () => siege.expectUnharmed());
