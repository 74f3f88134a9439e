// The Workers door: `wrangler deploy`, and each edge and the recorder is a Durable Object. Sections as in deno.ts.
import { openProcess } from "../../monitor/host.ts";
import type { OpenedProcess } from "./host/opened-process.ts";
import { doorOf } from "./workers/door.ts";
import { EdgeObject } from "./workers/edge-object.ts";
import type { Env } from "./workers/env.ts";
import { ProcessObject } from "./workers/process-object.ts";
import type { MonitorSettings } from "./workers/process-object.ts";

export { EdgeObject };

export class RecorderObject extends ProcessObject {
  protected override openProcess({ database, network, encoder, watches }: MonitorSettings): Promise<OpenedProcess> {
    const watching = encoder === undefined ? {} : { encoder };
    return openProcess({ role: watches ? "monitor" : "recorder", store: database, keys: { network }, ...watching });
  }
}

export default {
  fetch(request, env, ctx) {
    const door = doorOf(env);
    return door instanceof Response ? door : door.fetch(request, ctx);
  },
} satisfies ExportedHandler<Env>;
