import { once } from "node:events";
import WebSocket from "ws";

/** A service's isolate in workerd, asked over the DevTools protocol (Chrome's, domains Runtime and HeapProfiler). */
export class Isolate {
  readonly #ws: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #id = 0;

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
      const { id, result } = JSON.parse(data.toString("utf8")) as { id?: number; result?: unknown };
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  /** Bytes that live after a full collection: objects, and the buffers behind typed arrays. */
  async liveBytes(): Promise<number> {
    await this.#ask("HeapProfiler.collectGarbage");
    const usage = (await this.#ask("Runtime.getHeapUsage")) as { usedSize: number; backingStorageSize: number };
    return usage.usedSize + usage.backingStorageSize;
  }

  close(): void {
    this.#ws.close();
  }

  #ask(method: string): Promise<unknown> {
    const id = ++this.#id;
    this.#ws.send(JSON.stringify({ id, method }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}
