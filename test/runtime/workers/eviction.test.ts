// A receiver's socket while its object is out of memory.
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { bootOf, closeShow, connect, createShow, edge, openPoll, receiverToken, rest, until } from "./network.ts";

/** The last by name dials nobody: once an object has dialled out, the test environment cannot evict it any more. */
const OBJECT = "syd-1";

/** The socket of some receiver that belongs to the object's shard, welcomed there. */
async function connectTo(show: string): Promise<Awaited<ReturnType<typeof connect>>> {
  for (let i = 0; ; i++) {
    const connected = await connect(`/v1/shows/${show}/live?member=${OBJECT}`);
    connected.ws.send(JSON.stringify({ type: "hello", token: receiverToken(`tv-${i}`) }));
    const types = () => connected.heard.map(({ type }) => type);
    const answers = await until("a welcome", types, (heard) => heard.includes("welcome") || heard.includes("refused"));
    if (answers.includes("welcome")) return connected;
  }
}

describe.skipIf(env.LIBSQL_URL === "")("a receiver's socket", () => {
  test("outlives its object: the next message on it wakes it, content comes again, and ballots are counted", async () => {
    await createShow("sleepy", 2);
    const { ws, heard, closed } = await connectTo("sleepy");
    const vote = (id: string) =>
      ws.send(JSON.stringify({ type: "ballot", id, poll: "winner", option: "no", press: 1 }));
    const answerTo = (id: string) =>
      until(
        `an answer to "${id}"`,
        () => heard.find((message) => message["id"] === id),
        (message) => message !== undefined,
      );
    const before = await bootOf(OBJECT);
    // Links would hold it in memory.
    await rest();
    await evictDurableObject(edge(OBJECT));
    const heardBefore = heard.length;
    vote("early");
    expect(await answerTo("early")).toMatchObject({ type: "refused" });
    expect(heard.slice(heardBefore).some(({ type }) => type === "content")).toBe(true);

    await openPoll("sleepy");
    await until(
      "the poll on the receiver's page",
      () => JSON.stringify(heard.slice(heardBefore)),
      (messages) => messages.includes('"state":"open"'),
    );
    vote("late");
    const receipt = await answerTo("late");
    expect(receipt).toMatchObject({ type: "receipt", option: "no", press: 1, edge: OBJECT });
    expect(receipt!["boot"]).not.toBe(before);
    expect(closed).toEqual([]);
    ws.close();
    await closeShow("sleepy");
  });
});
