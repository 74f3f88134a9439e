import { CUE_EVENT } from "../../crdt/stream-event.ts";
import { problem } from "../problem.ts";
import { refuse } from "../refusal.ts";
import { ANY_ORIGIN } from "./answer.ts";
import type { RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/**
 * The event file of HbbTV (ETSI TS 102 809, 8.2): where in the broadcast the event "cue" is. With it no object carousel is
 * needed.
 */
export function showStreamEvents(): RouteHandler {
  return described(EVENTS, (c) => {
    const asked = c.req.query("component_tag");
    if (asked !== undefined && !/^[0-9a-f]{1,2}$/i.test(asked))
      return problem(
        refuse("malformed", `got component_tag "${asked.slice(0, 20)}", wanted one or two hexadecimal digits`),
      );
    return new Response(eventFile(asked ?? CUE_EVENT.componentTag.toString(16)), { headers: HEADERS });
  });
}

function eventFile(componentTag: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<dsmcc xmlns="urn:dvb:mis:dsmcc:2009">
  <dsmcc_object component_tag="${componentTag}">
    <stream_event stream_event_id="${CUE_EVENT.id}" stream_event_name="${CUE_EVENT.name}"/>
  </dsmcc_object>
</dsmcc>
`;
}

const TYPE = "application/vnd.dvb.streamevent+xml";
const HEADERS = { ...ANY_ORIGIN, "Content-Type": TYPE, "Cache-Control": "max-age=3600" } as const;

const EVENTS = {
  summary: "Where in the broadcast cues are, for a television's stream event listener",
  tag: "receivers",
  query: { component_tag: "of the elementary stream, in hexadecimal, where the encoder was told another" },
  answer: TYPE,
  refusals: ["malformed"],
} as const;
