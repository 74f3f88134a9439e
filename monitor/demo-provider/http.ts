import * as v from "valibot";
import type { Clock } from "../../crdt/ports.ts";
import type { Charge, Provider } from "../orders/provider.ts";
import { SIGNATURE_HEADER, signatureProblem, TIMESTAMP_HEADER } from "../orders/signature.ts";

/** Bytes of a charge in JSON: an order's details, and its names. */
export const MAX_CHARGE_BYTES = 8192;

const Whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const ChargeBody: v.GenericSchema<unknown, Charge> = v.object({
  reference: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  show: v.string(),
  product: v.string(),
  quantity: Whole,
  amount: Whole,
  currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/)),
  account: v.string(),
  details: v.record(v.string(), v.string()),
  pin: v.exactOptional(v.string()),
});

/** What a provider has to offer (docs/orders.md), in front of `provider`; and `GET /healthz`, which needs no signature. */
export function providerHandler(
  provider: Provider,
  secret: string,
  clock: Clock,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    if (method === "GET" && pathname === "/healthz") return Response.json({ ok: true, problems: [] });
    const body = await request.text();
    const signed = { timestamp: headers.get(TIMESTAMP_HEADER), signature: headers.get(SIGNATURE_HEADER) };
    const problem = signatureProblem(secret, { method, path: pathname + search, body }, signed, clock.now());
    if (problem !== undefined) return refusal(401, problem);
    return answer(provider, `${method} ${pathname}`, new URLSearchParams(search).get("show"), body);
  };
}

async function answer(provider: Provider, what: string, show: string | null, body: string): Promise<Response> {
  if (what === "GET /charges" && show !== null) return Response.json({ charges: await provider.list(show) });
  if (what === "POST /charges") return charge(provider, body);
  const [, method, reference = "", refund] = /^(GET|POST) \/charges\/([0-9a-f]{32})(\/refund)?$/.exec(what) ?? [];
  if (method === "POST" && refund !== undefined) return Response.json(await provider.refund(reference));
  if (method !== "GET" || refund !== undefined) return refusal(404, `there is nothing at "${what.slice(0, 100)}"`);
  const booking = await provider.find(reference);
  return booking.state === "absent" ? refusal(404, "nothing is booked under it") : Response.json(booking);
}

async function charge(provider: Provider, body: string): Promise<Response> {
  if (body.length > MAX_CHARGE_BYTES) return refusal(413, `a charge has at most ${MAX_CHARGE_BYTES} bytes`);
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), ChargeBody), body);
  if (!read.success) return refusal(400, `reading the charge: ${read.issues[0].message}`);
  return Response.json(await provider.charge(read.output));
}

function refusal(status: number, detail: string): Response {
  return Response.json({ detail }, { status });
}
