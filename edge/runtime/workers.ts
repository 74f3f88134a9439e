// The Workers door: `wrangler deploy`, and each edge, the recorder and the order processor is a Durable Object. Sections as in deno.ts.
import type { Store } from "../../crdt/store/store.ts";
import { openOrderProcessor, openProcess } from "../../monitor/host.ts";
import type { OpenedProcess } from "./host/opened-process.ts";
import { doorOf } from "./workers/door.ts";
import { EdgeObject } from "./workers/edge-object.ts";
import type { Env } from "./workers/env.ts";
import { OrdersProcess, type OrdersSettings } from "./workers/orders-object.ts";
import type { MonitorSettings } from "./workers/process-object.ts";
import { RecorderProcess } from "./workers/recorder-object.ts";

export { EdgeObject };

export class RecorderObject extends RecorderProcess {
  protected override openProcess({ database, network, encoder, watches }: MonitorSettings): Promise<OpenedProcess> {
    const watching = encoder === undefined ? {} : { encoder };
    return openProcess({ role: watches ? "monitor" : "recorder", store: database, keys: { network }, ...watching });
  }
}

export class OrdersObject extends OrdersProcess {
  protected override openOrders({ database, selling }: OrdersSettings, log: Store): Promise<OpenedProcess> {
    return openOrderProcessor(log, { ...selling, books: database });
  }
}

export default {
  fetch(request, env, ctx) {
    const door = doorOf(env);
    return door instanceof Response ? door : door.fetch(request, ctx);
  },
} satisfies ExportedHandler<Env>;
