// The television's page against the application, in as much of a browser as it uses.
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { Harness } from "./harness.ts";

const SCRIPT = readFileSync(new URL("../../../receiver/tv/tv.js", import.meta.url), "utf8");

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
  readonly token: string | undefined;
}

class Element {
  textContent = "";
  className = "";
  readonly children: Element[] = [];
  appendChild(child: Element): void {
    this.children.push(child);
  }
}

/** One set: its storage outlives the page. */
class Television {
  readonly storage = new Map<string, string>();
  readonly sent: Sent[] = [];
  /** Loses the answer of the next request that this is true of; the request still arrives. */
  loses: (sent: Sent) => boolean = () => false;
  canStore = true;
  readonly #harness: Harness;
  readonly #elements = new Map<string, Element>();
  #timers: (() => void)[] = [];
  #onkey: (event: { keyCode: number }) => void = () => {};

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  switchOn(): void {
    this.#timers = [];
    runInNewContext(SCRIPT, {
      location: { search: "?show=demo", protocol: "http:", host: "fra.test" },
      document: {
        getElementById: (id: string) => this.#element(id),
        createElement: () => new Element(),
        createTextNode: () => new Element(),
        addEventListener: (_type: string, listener: (event: { keyCode: number }) => void) => (this.#onkey = listener),
      },
      localStorage: {
        getItem: (key: string) => this.#stored().get(key) ?? null,
        setItem: (key: string, value: string) => this.#stored().set(key, value),
      },
      setTimeout: (task: (...args: unknown[]) => void, _ms: number, ...args: unknown[]) =>
        this.#timers.push(() => task(...args)),
      XMLHttpRequest: this.#xhr(),
    });
  }

  press(digit: number): void {
    this.#onkey({ keyCode: 48 + digit });
  }

  get status(): string {
    return this.#element("status").textContent;
  }

  ballots(): string[] {
    return this.sent.filter(({ path }) => path.endsWith("/ballots")).map(({ body }) => body ?? "");
  }

  /** Lets requests and timers have their turns, a few of each. */
  async run(rounds = 5): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      for (const task of this.#timers.splice(0)) task();
    }
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #stored(): Map<string, string> {
    if (!this.canStore) throw new Error("storage is forbidden");
    return this.storage;
  }

  #element(id: string): Element {
    const known = this.#elements.get(id) ?? new Element();
    this.#elements.set(id, known);
    return known;
  }

  /** A class of requests that go to the application. */
  #xhr() {
    const ask = (sent: Sent) => this.#ask(sent);
    return class {
      status = 0;
      responseText = "";
      onloadend: () => void = () => {};
      #head: [method: string, path: string] = ["", ""];
      #token: string | undefined;
      #retryAfter: string | null = null;
      open(method: string, url: string): void {
        this.#head = [method, url.slice("http://fra.test".length)];
      }
      setRequestHeader(name: string, value: string): void {
        if (name === "Authorization") this.#token = value.slice("Bearer ".length);
      }
      getResponseHeader(): string | null {
        return this.#retryAfter;
      }
      send(body: string | null): void {
        const [method, path] = this.#head;
        void ask({ method, path, body, token: this.#token }).then(async (response) => {
          this.status = response?.status ?? 0;
          this.responseText = (await response?.text()) ?? "";
          this.#retryAfter = response?.headers.get("retry-after") ?? null;
          this.onloadend();
        });
      }
    };
  }

  async #ask(sent: Sent): Promise<Response | undefined> {
    this.sent.push(sent);
    const { method, path, body, token } = sent;
    const response = await this.#harness.ask(method, path, { token, ...(body === null ? {} : { body }) });
    if (!this.loses(sent)) return response;
    this.loses = () => false;
    return undefined;
  }
}

const isBallot = ({ path }: Sent) => path.endsWith("/ballots");

async function watching(canStore = true) {
  const harness = new Harness();
  await harness.open("secret");
  const tv = new Television(harness);
  tv.canStore = canStore;
  tv.switchOn();
  await tv.run();
  return { harness, tv };
}

describe("a press", () => {
  test("is counted only after its receipt", async () => {
    const { tv } = await watching();
    expect(tv.status).toBe("Press a number");
    tv.press(2);
    expect(tv.status).toBe("sending …");
    await tv.run();
    expect(tv.status).toBe("counted · RB-000001");
    tv.press(2);
    tv.press(1);
    await tv.run();
    expect(tv.ballots()).toEqual(['{"option":"no","press":1}', '{"option":"yes","press":2}']);
    expect(tv.status).toBe("counted · RB-000002");
  });

  test("keeps its number when it is sent again", async () => {
    const { harness, tv } = await watching();
    tv.loses = isBallot;
    tv.press(1);
    await tv.run();
    expect(tv.ballots()).toEqual(['{"option":"yes","press":1}', '{"option":"yes","press":1}']);
    expect(harness.show.counts("secret")).toEqual({ anonymous: [1, 0], signed: [0, 0] });
  });

  test("is sent after the set was switched off, by the same receiver", async () => {
    const { harness, tv } = await watching();
    tv.loses = isBallot;
    tv.press(1);
    await tv.run(0);
    tv.switchOn();
    await tv.run();
    expect(tv.status).toBe("counted · RB-000001");
    expect(harness.show.counts("secret")).toEqual({ anonymous: [1, 0], signed: [0, 0] });
    expect(new Set(tv.sent.filter(isBallot).map(({ token }) => token)).size).toBe(1);
  });

  test("of a set that has forgotten is numbered past the known one", async () => {
    const { harness, tv } = await watching();
    tv.press(1);
    await tv.run();
    tv.storage.delete("redbutton-votes-demo");
    tv.switchOn();
    await tv.run();
    tv.press(2);
    await tv.run();
    expect(tv.ballots().slice(1)).toEqual(['{"option":"no","press":1}', '{"option":"no","press":2}']);
    expect(harness.show.counts("secret")).toEqual({ anonymous: [0, 1], signed: [0, 0] });
  });

  test("that came too late is not counted, and the page says why", async () => {
    const { harness, tv } = await watching();
    await harness.show.void("secret", "ann");
    tv.press(1);
    await tv.run();
    expect(tv.storage.get("redbutton-votes-demo")).toContain('"problem":"The poll is void"');
    expect(tv.sent.some(({ path }) => path.endsWith("/mine"))).toBe(false);
  });

  test("whose answer was lost before the poll closed is told from an uncounted one", async () => {
    const { harness, tv } = await watching();
    tv.loses = isBallot;
    tv.press(1);
    await tv.run(0);
    await harness.show.close("secret", "ann");
    harness.world.time += 2000;
    await tv.run();
    expect(tv.status).toBe("counted · receipt lost");
  });
});

describe("a receiver", () => {
  test("asks for one token, whatever it has to send at once", async () => {
    const { tv } = await watching();
    tv.press(1);
    await tv.run();
    expect(tv.sent.filter(({ path }) => path === "/v1/receivers")).toHaveLength(1);
  });

  test("that may not store anything is one receiver all the same", async () => {
    const { harness, tv } = await watching(false);
    tv.press(1);
    await tv.run();
    tv.press(2);
    await tv.run();
    expect(harness.show.counts("secret")).toEqual({ anonymous: [0, 1], signed: [0, 0] });
    expect(harness.show.arrived.size).toBe(1);
  });

  test("renews its token by the edge's clock, and stays the same receiver", async () => {
    const { harness, tv } = await watching();
    harness.world.time += 13 * 3_600_000;
    await tv.run();
    harness.world.time += 13 * 3_600_000;
    await tv.run();
    expect(harness.show.arrived.size).toBe(1);
    expect(tv.sent.filter(({ path }) => path === "/v1/receivers").length).toBeGreaterThan(1);
  });
});
