import { describe, expect, test } from "vitest";
import { PUSH_INTERVAL_MS } from "../../../edge/feed.ts";
import { Harness, HOUR_MS, type TestSocket } from "./harness.ts";

const path = "/v1/shows/demo/live";

async function greeted(): Promise<{ harness: Harness; socket: TestSocket }> {
  const harness = new Harness();
  await harness.open("open", "once", "three");
  const socket = await harness.dial(path);
  socket.say({ type: "hello", token: harness.receiver() });
  socket.sent.splice(0);
  return { harness, socket };
}

describe("what is pushed", () => {
  test("is what changed, at most once in an interval, with pages only where they changed", async () => {
    const { harness, socket } = await greeted();
    const push = () =>
      socket.take().map(({ type, revision, content }) => [type, revision, content === undefined ? "same" : "new"]);
    harness.show.change();
    harness.show.change();
    harness.world.advance(1);
    expect(push()).toEqual([["content", "00000000000000b1-9", "same"]]);
    harness.show.change();
    harness.world.advance(PUSH_INTERVAL_MS - 2);
    await harness.show.deeds.publish(
      { id: "rules", kind: "page", title: "Rules", text: "One.", at: 5 },
      undefined,
      "ann",
    );
    expect(push()).toEqual([]);
    harness.world.advance(1);
    expect(push()).toEqual([["content", "00000000000000b1-11", "new"]]);
    harness.world.advance(10 * PUSH_INTERVAL_MS);
    expect(push()).toEqual([]);
  });

  test("carries live counts, and none that are hidden", async () => {
    const { harness, socket } = await greeted();
    await harness.open("secret");
    await harness.vote("secret", { option: "no", press: 1 });
    await harness.vote("open", { option: "no", press: 1 });
    harness.world.advance(PUSH_INTERVAL_MS);
    const [message] = socket.take() as { polls: { id: string; counts?: unknown }[] }[];
    expect(message?.polls.map(({ id, counts }) => [id, counts !== undefined])).toEqual([
      ["secret", false],
      ["open", true],
      ["once", false],
      ["three", false],
    ]);
  });

  test("goes to everyone who said hello, and is worked out once", async () => {
    const { harness, socket } = await greeted();
    const [second, silent] = [await harness.dial(path), await harness.dial(path)];
    second.say({ type: "hello", token: harness.receiver("tv-2") });
    second.sent.splice(0);
    harness.show.change();
    harness.world.advance(PUSH_INTERVAL_MS);
    expect(second.sent).toEqual(socket.sent);
    expect(second.sent).toHaveLength(1);
    expect(silent.sent).toEqual([]);
  });

  test("ends with the last socket, and begins again with the next", async () => {
    const { harness, socket } = await greeted();
    harness.show.change();
    socket.close(1000, "off");
    expect([harness.show.watchers, harness.world.pending]).toEqual([0, 0]);
    const next = await harness.dial(path);
    next.say({ type: "hello", token: harness.receiver() });
    next.sent.splice(0);
    harness.world.time -= HOUR_MS; // a clock that jumps back holds nothing up
    harness.show.change();
    harness.world.advance(PUSH_INTERVAL_MS);
    expect(next.take()).toMatchObject([{ type: "content" }]);
  });
});
