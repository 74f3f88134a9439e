// A receiver's socket while its object is out of memory.
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { bootOf, closeShow, connect, edge, openShow, receiverToken, rest, subjectIn, until } from "./network.ts";

describe.skipIf(env.LIBSQL_URL === "")("a receiver's socket", () => {
  test("outlives its object: the next ballot on it is counted, and content comes again", async () => {
    const show = "sleepy";
    await openShow(show, 2);
    // The last by name dials nobody: once an object has dialled out, the test environment cannot evict it any more.
    const name = "syd-1";
    const subject = await subjectIn(show, 1);
    const { ws, heard, closed } = await connect(`/v1/shows/${show}/live?member=${name}`);
    ws.send(JSON.stringify({ type: "hello", token: receiverToken(subject) }));
    await until(
      "a welcome",
      () => heard,
      (messages) => messages.some(({ type }) => type === "welcome"),
    );
    const before = await bootOf(name);
    // Links would hold it in memory.
    await rest();
    await evictDurableObject(edge(name));
    const heardBefore = heard.length;
    ws.send(JSON.stringify({ type: "ballot", id: "b1", poll: "winner", option: "no", press: 2 }));
    const receipt = await until(
      "a receipt",
      () => heard.slice(heardBefore).find(({ type }) => type === "receipt"),
      (message) => message !== undefined,
    );
    expect(receipt).toMatchObject({ id: "b1", option: "no", press: 2, edge: name });
    expect(receipt!["boot"]).not.toBe(before);
    expect(heard.slice(heardBefore).some(({ type }) => type === "content")).toBe(true);
    expect(closed).toEqual([]);
    ws.close();
    await closeShow(show);
  });
});
