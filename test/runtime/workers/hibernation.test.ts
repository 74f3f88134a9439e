// Objects that have nothing to do.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { CLOSE } from "../../../edge/close.ts";
import {
  ask,
  bootOf,
  closeShow,
  connect,
  createShow,
  edge,
  EDGES,
  json,
  openShow,
  producer,
  receiverToken,
  rest,
  subjectIn,
  until,
  vote,
} from "./network.ts";

describe.skipIf(env.LIBSQL_URL === "")("a network that sleeps", () => {
  test("is woken by whoever asks, and being read from leaves no trace of it", async () => {
    await openShow("read", 2);
    await vote("read", "tv-1", "yes", 1);
    await closeShow("read");
    await rest();
    const roster = async () =>
      (await json<{ roster: { boot: string }[] }>(ask("GET", "/v1/shows/read?member=fra-0", producer))).roster;
    const content = await ask("GET", "/v1/shows/read/content?member=fra-0");
    expect(content.status).toBe(200);
    const boots = (await roster()).map(({ boot }) => boot);
    expect(boots.length).toBe(6);
    for (const boot of await Promise.all(EDGES.map(bootOf))) expect(boots).not.toContain(boot);
  });

  test("finds itself again by its alarm when it is taken out of memory while a poll is open", async () => {
    await openShow("alarm", 2);
    await until(
      "its alarm",
      () => runInDurableObject(edge("syd-1"), (_object, ctx) => ctx.storage.getAlarm()),
      (at) => at !== null,
    );
    await runInDurableObject(edge("syd-1"), (_object, ctx) => ctx.abort("taken out of memory by a test")).catch(
      () => {},
    );
    expect(await runDurableObjectAlarm(edge("syd-1"))).toBe(true);
    await until(
      "it to be up",
      () => bootOf("syd-1"),
      (boot) => boot !== undefined,
    );
    await closeShow("alarm");
  });

  test("closes a socket whose receiver had not said hello", async () => {
    await createShow("silent", 2);
    const { closed } = await connect("/v1/shows/silent/live?member=syd-1");
    await rest();
    await ask("GET", "/v1/shows/silent/content?member=syd-1");
    expect(
      await until(
        "a close",
        () => closed[0],
        (code) => code !== undefined,
      ),
    ).toBe(CLOSE.silent);
  });
});

test.skipIf(env.LIBSQL_URL === "")("a receiver that comes to the wrong shard is told the right one", async () => {
  await openShow("astray", 2);
  const subject = await subjectIn("astray", 1);
  const { ws, heard, closed } = await connect("/v1/shows/astray/live?shard=0");
  ws.send(JSON.stringify({ type: "hello", token: receiverToken(subject) }));
  await until(
    "a close",
    () => closed[0],
    (code) => code === CLOSE.wrongShard,
  );
  expect(heard.at(-1)).toMatchObject({ type: "refused", code: "wrong_shard", shard: 1 });
  const right = await connect("/v1/shows/astray/live?shard=1");
  right.ws.send(JSON.stringify({ type: "hello", token: receiverToken(subject) }));
  await until(
    "a welcome",
    () => right.heard,
    (messages) => messages.some(({ type }) => type === "welcome"),
  );
});
