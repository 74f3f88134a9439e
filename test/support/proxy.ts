// A TCP proxy between two members, for what networks do: delay, cut connections off, or swallow what is sent.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";

/**
 * What becomes of bytes. In a black hole connections stay open and nothing passes, as where a cable is pulled: what was
 * sent into it waits in the kernels, and arrives when the hole closes. "refusing" resets connections, old and new.
 */
export type Passage =
  | { readonly is: "open" }
  | { readonly is: "slow"; readonly ms: number }
  | { readonly is: "black hole" }
  | { readonly is: "refusing" };

interface Pair {
  readonly client: Socket;
  /** Absent where the client connected into a black hole. */
  readonly server: Socket | undefined;
}

export class Proxy {
  readonly port: number;
  /** Where connections lead; may be moved. */
  target: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #passage: Passage = { is: "open" };

  /** A proxy on a free port of 127.0.0.1 to another port there. */
  static async listen(target: number): Promise<Proxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Proxy(server, target);
  }

  private constructor(server: Server, target: number) {
    this.port = (server.address() as AddressInfo).port;
    this.target = target;
    this.#server = server;
    server.on("connection", (client) => this.#accept(client));
  }

  become(passage: Passage): void {
    const before = this.#passage;
    this.#passage = passage;
    for (const pair of Array.from(this.#pairs)) {
      if (passage.is === "refusing") this.#cut(pair);
      else if (passage.is === "black hole") for (const socket of socketsOf(pair)) socket.pause();
      else if (before.is === "black hole") this.#wake(pair);
    }
  }

  async close(): Promise<void> {
    this.become({ is: "refusing" });
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    switch (this.#passage.is) {
      case "refusing":
        client.resetAndDestroy();
        return;
      case "black hole":
        client.on("error", () => client.destroy()).pause();
        this.#keep({ client, server: undefined });
        return;
      case "open":
      case "slow":
        this.#join(client);
    }
  }

  #join(client: Socket): void {
    const server = connect(this.target, "127.0.0.1");
    this.#keep({ client, server });
    this.#pass(client, server);
    this.#pass(server, client);
  }

  #keep(pair: Pair): void {
    this.#pairs.add(pair);
    for (const socket of socketsOf(pair)) {
      socket.setNoDelay(true);
      socket.on("error", () => this.#cut(pair)).once("close", () => this.#end(pair));
    }
  }

  /** One end has closed: so does the other, once it has sent what it was given. */
  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    for (const socket of socketsOf(pair)) socket.resume().end();
  }

  #cut(pair: Pair): void {
    this.#pairs.delete(pair);
    for (const socket of socketsOf(pair)) if (!socket.destroyed) socket.resetAndDestroy();
  }

  #wake(pair: Pair): void {
    // It knocked at a wall; its owner dials again.
    if (!pair.server) return this.#cut(pair);
    for (const socket of socketsOf(pair)) socket.resume();
  }

  #pass(from: Socket, to: Socket): void {
    from.on("data", (bytes) => {
      const passage = this.#passage;
      if (passage.is !== "slow") to.write(bytes);
      else setTimeout(() => to.destroyed || to.write(bytes), passage.ms);
    });
    from.on("end", () => to.end());
  }
}

function socketsOf({ client, server }: Pair): Socket[] {
  return server ? [client, server] : [client];
}
