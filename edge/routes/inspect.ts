import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Inspector } from "../../crdt/inspect/inspector.ts";
import { inspect, isViewName, VIEWS, type ViewName } from "../../crdt/inspect/views.ts";
import { problem } from "../problem.ts";
import { isRefusal, refuse, type Refusal } from "../refusal.ts";
import { bearer, type Inspecting } from "../tokens.ts";
import { answer, NO_STORE } from "./answer.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";
import { TOKEN_REFUSALS } from "./refusals.ts";

/** Views that may be in the making at once at one edge: looking on must not keep receivers waiting. */
export const MAX_INSPECTIONS = 4;

/** One view into all replicas, for holders of an inspector's token. Changes nothing anywhere. */
export function showInspection({ tokens }: RouteContext, inspector: Inspector): RouteHandler {
  let underWay = 0;
  return described(DESCRIPTION, async (c) => {
    const name = pathParam(c, "view");
    if (!isViewName(name)) return problem(unknownView(name));
    const params = withShow(c.req.query(), name, inspector);
    const viewer = tokens.inspector(bearer(c.req.raw.headers), params["show"] ?? "*");
    if (isRefusal(viewer)) return problem(viewer);
    const refusal = refuseShow(params["show"], inspector) ?? refuseLoad(underWay);
    if (refusal) return problem(refusal);
    underWay += 1;
    try {
      const report = await inspect(name, params, { inspector, nameReceiver: namer(viewer) });
      return "bad" in report ? problem(refuse("malformed", report.bad)) : answer(report, 200, NO_STORE);
    } finally {
      underWay -= 1;
    }
  });
}

/** Where a view is of a show and there is only one, that is meant. */
function withShow(params: Record<string, string>, name: ViewName, { member }: Inspector): Record<string, string> {
  const shows = [...member.replicas()].map(({ show }) => show);
  const isMeant = params["show"] === undefined && "show" in VIEWS[name].params.entries && shows.length === 1;
  return isMeant ? { ...params, show: shows[0]! } : params;
}

function refuseShow(show: string | undefined, { member }: Inspector): Refusal | undefined {
  if (show === undefined || member.replica(show)) return undefined;
  return refuse("unknown_show", `there is no show "${show.slice(0, 60)}"`);
}

function refuseLoad(underWay: number): Refusal | undefined {
  if (underWay < MAX_INSPECTIONS) return undefined;
  return refuse("overloaded", `${underWay} views are in the making`, { retryAfterS: 1 });
}

function unknownView(name: string): Refusal {
  return refuse("not_found", `there is no view "${name.slice(0, 60)}", wanted one of ${Object.keys(VIEWS).join(", ")}`);
}

/** The first 8 digits of a hash of the keyed hash: enough to see that two presses are one receiver's. */
function namer({ receivers }: Inspecting): (hex: string) => string {
  if (receivers === "hashes") return (hex) => hex;
  return (hex) => bytesToHex(sha256(utf8ToBytes(`redbutton inspector ${hex}`))).slice(0, 8);
}

const DESCRIPTION = {
  summary: "The view into every replica: status, lag and others. Read only, for an inspector's token",
  tag: "operations",
  query: { show: "The show (default: the only one)" },
  refusals: [...TOKEN_REFUSALS, "malformed", "not_found", "unknown_show", "overloaded"],
} as const;
