// A television of 2012, as far as the red-button application uses one: ES5 and no more, XMLHttpRequest, no WebSocket.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { readManifest } from "../../edge/cli/pages/build.ts";
import { BUILT_PAGES } from "../../edge/runtime/host/pages.ts";
import type { Harness } from "../unit/edge/harness.ts";

export const SCRIPT = readFileSync(join(BUILT_PAGES, readManifest().pages.tv.script), "utf8");

/** What came after ES5 and the page must do without. */
const NEWER = `
  for (const name of ["Promise", "Map", "Set", "WeakMap", "WeakSet", "Symbol", "Proxy", "Reflect", "fetch", "URL"]) delete globalThis[name];
  for (const name of ["find", "findIndex", "includes", "fill", "flat", "flatMap", "at", "entries", "keys", "values"]) delete Array.prototype[name];
  for (const name of ["includes", "startsWith", "endsWith", "repeat", "padStart", "padEnd", "replaceAll", "at"]) delete String.prototype[name];
  for (const name of ["assign", "entries", "values", "fromEntries"]) delete Object[name];
  for (const name of ["from", "of"]) delete Array[name];
`;

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
  readonly token: string | undefined;
}

type Listener = (event: { keyCode: number; preventDefault(): void }) => void;

/** As much of an element as the page touches. */
class Element {
  className = "hidden";
  readonly style: Record<string, string> = {};
  readonly attributes = new Map<string, string>();
  readonly children: Element[] = [];
  readonly textTracks = { addEventListener: () => {} };
  readonly offsetTop = 0;
  readonly offsetHeight = 0;
  readonly clientHeight = 0;
  scrollTop = 0;
  onclick: (() => void) | null = null;
  #text = "";

  get textContent(): string {
    return this.#text + this.children.map((child) => child.textContent).join("");
  }
  set textContent(text: string) {
    this.children.length = 0;
    this.#text = text;
  }
  get childNodes(): Element[] {
    return this.children;
  }
  get firstChild(): Element | undefined {
    return this.children[0];
  }
  appendChild(child: Element): void {
    this.children.push(child);
  }
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }
  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }
  canPlayType(): string {
    return "";
  }
  play(): undefined {
    return undefined;
  }
  focus(): void {}
}

/** One set: its storage outlives the page. */
export class OldTelevision {
  readonly storage = new Map<string, string>();
  readonly sent: Sent[] = [];
  /** Loses the answer of the next request that this is true of; the request still arrives. */
  loses: (sent: Sent) => boolean = () => false;
  canStore = true;
  /** Takes nothing new, and lets what is there be removed. */
  isFull = false;
  readonly #cookies = new Map<string, string>();
  /** What stands behind "#" in the page's address. */
  hash = "";
  readonly #harness: Harness;
  #elements = new Map<string, Element>();
  #timers: (() => void)[] = [];
  #onkey: Listener = () => {};

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  /** `more`: further globals, such as an HbbTV set has. */
  switchOn(more: Readonly<Record<string, unknown>> = {}): void {
    this.#timers = [];
    this.#elements = new Map();
    const television: Record<string, unknown> = {
      location: { search: "?show=demo&lang=en", hash: this.hash, protocol: "http:", host: "fra.test" },
      navigator: { language: "en" },
      document: Object.defineProperty(
        {
          body: new Element(),
          head: new Element(),
          documentElement: new Element(),
          getElementById: (id: string) => this.element(id),
          createElement: () => new Element(),
          addEventListener: (_type: string, listener: Listener) => (this.#onkey = listener),
        },
        "cookie",
        this.#cookie(),
      ),
      localStorage: {
        getItem: (key: string) => this.#stored().get(key) ?? null,
        setItem: (key: string, value: string) => {
          if (this.isFull) throw new Error("QuotaExceededError");
          this.#stored().set(key, value);
        },
        removeItem: (key: string) => this.#stored().delete(key),
      },
      setTimeout: (task: () => void) => this.#timers.push(task),
      setInterval: () => 0,
      clearTimeout: (timer: number) => this.#timers.splice(timer - 1, 1, () => {}),
      XMLHttpRequest: this.#xhr(),
      ...more,
    };
    television["window"] = television;
    const context = createContext(television);
    runInContext(NEWER, context);
    runInContext(SCRIPT, context);
  }

  key(code: number): void {
    this.#onkey({ keyCode: code, preventDefault: () => {} });
  }

  /** A digit of the remote control. */
  press(digit: number): void {
    this.key(48 + digit);
  }

  element(id: string): Element {
    const known = this.#elements.get(id) ?? new Element();
    this.#elements.set(id, known);
    return known;
  }

  /** What became of a press, and what the page says beside it. */
  get status(): string {
    return `${this.element("status").textContent}|${this.element("more").textContent}`;
  }

  ballots(): string[] {
    return this.sent.filter(({ path }) => path.endsWith("/ballots")).map(({ body }) => body ?? "");
  }

  /** Lets requests and timers have their turns, a few of each. */
  async run(rounds = 5): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      await turns();
      for (const task of this.#timers.splice(0)) task();
    }
    await turns();
  }

  /** As pages see theirs: what is written is one, what is read are all. */
  #cookie(): PropertyDescriptor {
    return {
      get: () => [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      set: (written: string) => {
        const [name, value] = written.split(";")[0]!.split("=") as [string, string];
        if (this.canStore) this.#cookies.set(name, value);
      },
    };
  }

  #stored(): Map<string, string> {
    if (!this.canStore) throw new Error("storage is forbidden");
    return this.storage;
  }

  /** A class of requests that go to the application. */
  #xhr() {
    const ask = (sent: Sent) => this.#ask(sent);
    return class {
      status = 0;
      readyState = 0;
      responseText = "";
      onreadystatechange: () => void = () => {};
      #head: [method: string, path: string] = ["", ""];
      #token: string | undefined;
      #retryAfter: string | null = null;
      open(method: string, url: string): void {
        const { pathname, search } = new URL(url);
        this.#head = [method, pathname + search];
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
          this.readyState = 4;
          this.onreadystatechange();
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

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
