import { ReceiverBody } from "../answers.ts";
import { refuseRate } from "../casting.ts";
import { problem } from "../problem.ts";
import { isRefusal, type Refusal } from "../refusal.ts";
import { clientNetwork } from "../subnet.ts";
import { bearer } from "../tokens.ts";
import { answer, ANY_ORIGIN, NO_STORE } from "./answer.ts";
import type { RouteContext, RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** How long a receiver's token is good: an evening and a night. One that comes back in time keeps its subject. */
export const RECEIVER_TOKEN_MS = 24 * 60 * 60 * 1000;
/** Random bytes of an anonymous subject: nobody can guess another's. */
const SUBJECT_BYTES = 16;

/**
 * Hands a token to whoever asks. A receiver that still has one gets another for the same subject, and counts as the
 * same; one that the broadcaster vouches for gets ours in exchange, good for no longer than what it showed.
 */
export function admitReceiver(context: RouteContext): RouteHandler {
  const { edge, world, tokens } = context;
  return described(DESCRIPTION, async (c) => {
    const limited = refuseCrowd(context, context.clientAddress(c));
    if (limited) return problem(limited);
    const shown = bearer(c.req.raw.headers);
    const known = shown === undefined ? undefined : await tokens.receiver(shown);
    if (known && isRefusal(known)) return problem(known);
    const subject = known?.subject ?? `anonymous-${base32(world.random.bytes(SUBJECT_BYTES))}`;
    const signed = known?.signed === true;
    const expiresAt = known?.signed ? known.expiresAt : world.clock.now() + RECEIVER_TOKEN_MS;
    const token = tokens.mintReceiver(subject, !signed, expiresAt);
    const place = { edge: edge.name, region: edge.region };
    return answer({ token, receiver: subject, signed, expires_at: expiresAt, ...place }, 201, {
      ...ANY_ORIGIN,
      ...NO_STORE,
    });
  });
}

/** Takes from both buckets, or from none. */
function refuseCrowd({ perAddress, perSubnet, world }: RouteContext, client: string): Refusal | undefined {
  const { address, subnet } = clientNetwork(client);
  const wait = Math.max(perAddress.wait(address), perSubnet.wait(subnet));
  if (wait > 0) return refuseRate(world.random, wait, "too many new receivers come from this address or its network");
  perAddress.take(address);
  perSubnet.take(subnet);
  return undefined;
}

/** Crockford's digits in lower case, five bits each; 26 for 16 bytes. */
function base32(bytes: Uint8Array): string {
  let bits = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  let text = "";
  for (let left = bytes.length * 8; left > 0; left -= 5) {
    text = "0123456789abcdefghjkmnpqrstvwxyz".charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}

const DESCRIPTION = {
  summary: "A token for a receiver; with one that is still valid, the same receiver's next",
  tag: "receivers",
  status: 201,
  answer: ReceiverBody,
  refusals: ["token_invalid", "token_expired", "forbidden", "rate_limited", "clock_untrusted"],
} as const;
