import { listenBackbone } from "../host/backbone.ts";
import type { Door } from "../host/door.ts";
import { dialLink } from "../host/websocket.ts";
import { servePublic } from "./public.ts";

/** Node's door; Deno opens it, too, where its own is not needed. */
export const nodeDoor: Door = {
  runtime: "node",
  servePublic,
  listenBackbone,
  dial: dialLink,
};
