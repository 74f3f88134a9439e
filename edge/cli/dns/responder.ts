import type { Clock } from "../../../crdt/ports.ts";
import { Buckets, type Limit } from "../../limits.ts";
import { parseAddress } from "../../steering/address.ts";
import { answer, type Answered } from "../../steering/dns/answer.ts";
import type { Cookies } from "../../steering/dns/cookie.ts";
import { emptyReply, type DnsQuery } from "../../steering/dns/message.ts";
import type { Zone } from "../../steering/dns/zone.ts";
import type { Locator } from "../../steering/locator.ts";
import { clientNetwork } from "../../subnet.ts";
import type { Figures } from "../steering/figures.ts";
import { decodeQuery, encodeFormatError, encodeReply, encodeTruncated, type Decoded } from "./packet.ts";

/** What answers are made from; a reload replaces it as a whole. */
export interface DnsScene {
  readonly zone: Zone;
  readonly locate: Locator;
}

export interface ResponderOptions {
  readonly scene: () => DnsScene;
  readonly cookies: Cookies;
  /** Answers over UDP to one network whose senders prove nothing. */
  readonly answersPerNetwork: Limit;
  readonly clock: Clock;
  readonly draw: () => number;
  readonly figures: Figures;
  /** Told why an edge was chosen. */
  readonly onanswer?: (query: DnsQuery, client: string, answered: Answered) => void;
}

/** Of answers over the limit every second one goes out truncated: a real resolver asks again over TCP. */
const SLIP = 2;
/** Networks that are remembered for the limit: some 100 B each. */
const MAX_NETWORKS = 100_000;

/** From a packet to the packet that answers it. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #buckets: Buckets;
  #turn = 0;
  #limited = 0;

  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#buckets = new Buckets(options.answersPerNetwork, options.clock, MAX_NETWORKS);
  }

  /** Undefined where nothing is to be sent. Never throws. */
  respond(bytes: Buffer, client: string, transport: "udp" | "tcp"): Buffer | undefined {
    const { figures } = this.#options;
    figures.count("queries_total", "transport", transport);
    const decoded = decodeQuery(bytes);
    if (decoded.is === "ignored") {
      figures.count("ignored_total");
      return undefined;
    }
    const proof = this.#proofOf(decoded, client);
    const proven = transport === "tcp" || proof.proven;
    if (!proven && this.#buckets.take(clientNetwork(client).subnet) > 0) return this.#limit(decoded);
    if (decoded.is === "malformed" || proof.malformed) {
      figures.count("answers_total", "rcode", "FORMERR");
      return encodeFormatError(decoded.head, decoded.is === "query" || decoded.edns);
    }
    const answered = this.#answer(decoded.query, client);
    figures.count("answers_total", "rcode", answered.reply.rcode);
    const cookie = proof.cookie ? { cookie: proof.cookie } : {};
    return encodeReply(decoded.head, decoded.query, answered.reply, { transport, proven, ...cookie });
  }

  #answer(query: DnsQuery, client: string): Answered {
    const { scene, draw, figures, onanswer } = this.#options;
    const { zone, locate } = scene();
    const address = parseAddress(client);
    if (!address) return { reply: emptyReply("SERVFAIL") };
    const answered = answer(zone, locate, query, { address, draw, turn: this.#turn++ });
    const best = answered.choice?.ranked[0];
    if (best) figures.count("edges_total", "edge", best.candidate.edge);
    onanswer?.(query, client, answered);
    return answered;
  }

  #proofOf(decoded: Exclude<Decoded, { is: "ignored" }>, client: string) {
    const none = { proven: false, malformed: false, cookie: undefined };
    const shown = decoded.is === "query" ? decoded.query.edns?.cookie : undefined;
    if (!shown) return none;
    const { cookies, clock } = this.#options;
    const verdict = cookies.judge(shown, client, clock.now());
    if (verdict === "malformed") return { ...none, malformed: true };
    return { proven: verdict === "proven", malformed: false, cookie: cookies.issue(shown, client, clock.now()) };
  }

  #limit(decoded: Exclude<Decoded, { is: "ignored" }>): Buffer | undefined {
    this.#limited += 1;
    const slips = this.#limited % SLIP === 0 && decoded.is === "query";
    this.#options.figures.count("limited_total", "outcome", slips ? "truncated" : "dropped");
    return slips ? encodeTruncated(decoded.head) : undefined;
  }
}
