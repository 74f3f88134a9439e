// The front on its own, before an edge that answers when a test says so.
import { Agent, createServer, request, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ANSWER_TIMEOUT_MS } from "../../../edge/cli/lb/exchange.ts";
import { openFront } from "../../../edge/cli/lb/front.ts";
import { Figures } from "../../../edge/cli/steering/figures.ts";

const LONG_MS = 600_000;
const endings: (() => void)[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const end of endings.splice(0)) end();
});

/** A front before one edge; `arrived` gives each request's answer, to be written. */
async function scene() {
  const arrived: ((response: ServerResponse) => void)[] = [];
  const waiting: ServerResponse[] = [];
  const server = createServer((incoming, response) => {
    incoming.resume();
    const taker = arrived.shift();
    if (taker) taker(response);
    else waiting.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const edge = { edge: "fra", region: "fra", address, admin: "up", health: "up" } as const;
  const figures = new Figures("redbutton_lb");
  const front = await openFront({ host: "127.0.0.1", port: 0, choose: () => [edge], proxies: new Set(), figures });
  const agent = new Agent({ keepAlive: true });
  endings.push(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
    void front.close(0);
  });
  const ask = (method: string) => request({ host: "127.0.0.1", port: front.port, method, agent });
  const atEdge = () =>
    new Promise<ServerResponse>((resolve) => {
      const response = waiting.shift();
      if (response) resolve(response);
      else arrived.push(resolve);
    });
  return { front, ask, atEdge };
}

function answerTo(asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => asked.once("response", resolve).once("error", reject));
}

describe("a front that stops", () => {
  test("says on a connection that is kept that this answer was the last, and waits for it", async () => {
    const { front, ask, atEdge } = await scene();
    const asked = ask("GET");
    const answered = answerTo(asked);
    asked.end();
    const response = await atEdge();
    const closed = front.close(LONG_MS);
    response.end("the end");
    const answer = await answered;
    expect(answer.headers.connection).toBe("close");
    expect(await text(answer)).toBe("the end");
    await closed;
  });

  test("closes a connection that was to be kept, when the answer that was begun before ends", async () => {
    const { front, ask, atEdge } = await scene();
    const asked = ask("GET");
    const answered = answerTo(asked);
    asked.end();
    const response = await atEdge();
    response.write("begun, ");
    const answer = await answered;
    expect(answer.headers.connection).toBe("keep-alive");
    const closed = front.close(LONG_MS);
    response.end("and ended");
    expect(await text(answer)).toBe("begun, and ended");
    await closed;
  });

  test("cuts off what does not end in its time", async () => {
    const { front, ask, atEdge } = await scene();
    const asked = ask("GET");
    const answered = answerTo(asked);
    asked.end();
    await atEdge();
    await Promise.all([front.close(1), expect(answered).rejects.toThrow("socket hang up")]);
  });
});

describe("an edge's time for its answer", () => {
  test("begins when the receiver has said everything", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { ask, atEdge } = await scene();
    const asked = ask("POST");
    const answered = answerTo(asked);
    asked.write("begun, ");
    const response = await atEdge();
    vi.advanceTimersByTime(10 * ANSWER_TIMEOUT_MS);
    asked.end("and ended");
    response.end("heard");
    expect(await text(await answered)).toBe("heard");
  });

  test("ends: 502, for a ballot may have arrived", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { ask, atEdge } = await scene();
    const asked = ask("POST");
    const answered = answerTo(asked);
    asked.end("a ballot");
    await atEdge();
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
    const answer = await answered;
    expect(answer.statusCode).toBe(502);
    expect(await text(answer)).toContain("it hangs");
  });
});
