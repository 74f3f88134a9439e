import { createServer } from "node:http";
import { METRICS_TYPE } from "../../metrics.ts";
import { listen } from "../../runtime/host/backbone.ts";
import type { Address } from "../../runtime/host/door.ts";

export interface MetricsListener {
  isAt(address: Address): boolean;
  close(): Promise<void>;
}

/** Serves /metrics, for Prometheus, and /healthz: that the program answers. */
export async function listenMetrics(at: Address, text: () => string): Promise<MetricsListener> {
  const server = createServer((request, response) => {
    const body = { "/metrics": text, "/healthz": () => '{"ok":true}' }[request.url ?? ""];
    if (!body) response.writeHead(404).end();
    else
      response
        .writeHead(200, { "Content-Type": request.url === "/metrics" ? METRICS_TYPE : "application/json" })
        .end(body());
  });
  await listen(server, at);
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return { isAt: ({ host, port }) => host === at.host && port === at.port, close };
}
