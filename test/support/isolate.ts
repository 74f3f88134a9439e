import { once } from "node:events";
import WebSocket from "ws";

/** What is read of the protocol's messages. */
interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly method?: string;
  readonly params?: { readonly context?: { readonly id: number } };
}

/** An object of the isolate, as the protocol names it. */
interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
}

/** A service's isolate in workerd, asked over the DevTools protocol (Chrome's, domains Runtime and HeapProfiler). */
export class Isolate {
  readonly #ws: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #id = 0;
  /** Of the Worker's code; workerd has no default one. */
  #context: number | undefined;

  static async connect(port: number, service: string): Promise<Isolate> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/${service}`);
    await once(ws, "open");
    const isolate = new Isolate(ws);
    // Without it a collection is neither made nor answered.
    await isolate.#ask("HeapProfiler.enable");
    return isolate;
  }

  private constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on("message", (data: Buffer) => {
      const { id, result, params } = JSON.parse(data.toString("utf8")) as Message;
      if (params?.context) this.#context = params.context.id;
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  /**
   * Ends the boot of one member as a write whose outcome nobody knows would, at its next request: workerd cannot be asked
   * to end a single object, and nothing in the program lets anybody do it.
   */
  async endMember(name: string): Promise<void> {
    await this.#ask("Runtime.enable");
    const { result } = await this.#ask<{ result: RemoteObject }>("Runtime.evaluate", {
      expression: "Object.prototype",
      contextId: this.#context,
    });
    const { objects } = await this.#ask<{ objects: RemoteObject }>("Runtime.queryObjects", {
      prototypeObjectId: result.objectId,
    });
    const { result: patched } = await this.#ask<{ result: RemoteObject }>("Runtime.callFunctionOn", {
      objectId: objects.objectId,
      functionDeclaration: `function () { return (${String(patchMember)})(this, ${JSON.stringify(name)}); }`,
      returnByValue: true,
    });
    if (patched.value !== true) throw new Error(`ending "${name}": got ${JSON.stringify(patched)}, wanted true`);
  }

  /** Bytes that live after a full collection: objects, and the buffers behind typed arrays. */
  async liveBytes(): Promise<number> {
    await this.#ask("HeapProfiler.collectGarbage");
    const usage = await this.#ask<{ usedSize: number; backingStorageSize: number }>("Runtime.getHeapUsage");
    return usage.usedSize + usage.backingStorageSize;
  }

  close(): void {
    this.#ws.close();
  }

  #ask<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#id;
    this.#ws.send(JSON.stringify({ id, method, params }));
    return new Promise<unknown>((resolve) => this.#waiting.set(id, resolve)) as Promise<T>;
  }
}

interface Ending {
  readonly name: string;
  end(reason: string): void;
  clockTrust: (this: Ending) => unknown;
}

/** Runs in the isolate: every admission asks for the clock's trust, in its own object's turn. */
function patchMember(objects: readonly object[], name: string): boolean {
  const isPrototype = (object: object): object is Ending =>
    Object.hasOwn(object, "clockTrust") && Object.hasOwn(object, "storedByPeer");
  const prototype = objects.find(isPrototype);
  if (!prototype) return false;
  const { clockTrust } = prototype;
  prototype.clockTrust = function (this: Ending) {
    if (this.name === name) {
      prototype.clockTrust = clockTrust;
      this.end("ended by a test");
    }
    return clockTrust.call(this);
  };
  return true;
}
