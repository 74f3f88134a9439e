import type { Env as Bindings } from "../../../edge/runtime/workers/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {}
    interface GlobalProps {
      mainModule: typeof import("../../../edge/runtime/workers.ts");
    }
  }
}
