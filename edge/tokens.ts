import type { Clock } from "../crdt/ports.ts";
import type { Broadcaster } from "./jwks.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";
import { claimsOf, isOwnToken, MAX_TOKEN_CHARS, OPERATOR_ROLES } from "./token.ts";
import type { InspectorClaims, OperatorClaims, OperatorRole, ReceiverClaims, TokenKeys } from "./token.ts";

/** Who casts ballots. */
export interface Receiver {
  /** Counts once in each poll. */
  readonly subject: string;
  /** Vouched for by the broadcaster, not just anybody. */
  readonly signed: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Who runs shows, or reads more than receivers may. */
export interface Operator {
  readonly subject: string;
  readonly role: OperatorRole;
  readonly shows: "*" | readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Who looks into replicas. */
export interface Inspecting {
  readonly subject: string;
  readonly receivers: InspectorClaims["receivers"];
}

/** Tells by their tokens who asks. */
export class Tokens {
  readonly #keys: TokenKeys;
  readonly #clock: Clock;
  readonly #broadcaster: Broadcaster | undefined;
  readonly #clockIsTrusted: () => boolean;

  constructor(keys: TokenKeys, clock: Clock, broadcaster?: Broadcaster, clockIsTrusted: () => boolean = () => true) {
    this.#keys = keys;
    this.#clock = clock;
    this.#broadcaster = broadcaster;
    this.#clockIsTrusted = clockIsTrusted;
  }

  /**
   * What a token is told whose time is over by our clock. A receiver that hears of it gets a new name and votes anew, so
   * only an edge that knows the time may say it.
   */
  refuseExpired(): Refusal {
    return this.#clockIsTrusted()
      ? refuse("token_expired", "the token has expired; get a new one")
      : refuse("clock_untrusted", "this edge does not know the time, and so not whether the token is good", {
          retryAfterS: 5,
        });
  }

  mintReceiver(subject: string, anonymous: boolean, expiresAt: number): string {
    return this.#keys.receivers.sign({ sub: subject, exp: seconds(expiresAt), role: "receiver", anon: anonymous });
  }

  mintOperator(operator: Operator): string {
    const { subject, role, shows, expiresAt } = operator;
    return this.#keys.operators.sign({ sub: subject, exp: seconds(expiresAt), role, shows });
  }

  /** A promise only for a broadcaster's token that is not remembered: a ballot with our own waits for nothing. */
  receiver(token: string | undefined): Receiver | Refusal | Promise<Receiver | Refusal> {
    const refused = refuseForm(token);
    if (refused || token === undefined) return refused ?? noToken();
    if (!isOwnToken(token)) return this.#broadcaster?.receiver(token) ?? invalid();
    const claims = this.#keys.receivers.open(token);
    if (claims === undefined)
      return this.#keys.operators.open(token) ? misplaced("receiver's", "operator's") : invalid();
    if (!isReceiverClaims(claims)) return invalid();
    const expiresAt = claims.exp * 1000;
    if (expiresAt <= this.#clock.now()) return this.refuseExpired();
    return { subject: claims.sub, signed: !claims.anon, expiresAt };
  }

  operator(token: string | undefined): Operator | Refusal {
    const refused = refuseForm(token);
    if (refused || token === undefined) return refused ?? noToken();
    const claims = this.#keys.operators.open(token);
    if (claims === undefined)
      return this.#keys.receivers.open(token) ? misplaced("operator's", "receiver's") : invalid();
    if (!isOperatorClaims(claims)) return invalid();
    const expiresAt = claims.exp * 1000;
    if (expiresAt <= this.#clock.now()) return this.refuseExpired();
    return { subject: claims.sub, role: claims.role, shows: claims.shows, expiresAt };
  }

  /** Who may look into `show` ("*": into everything), by a token for that and nothing else. */
  inspector(token: string | undefined, show: string): Inspecting | Refusal {
    const refused = refuseForm(token);
    if (refused || token === undefined) return refused ?? noToken();
    const claims = this.#keys.inspectors.open(token);
    if (!isInspectorClaims(claims))
      return this.#keys.operators.open(token) || this.#keys.receivers.open(token)
        ? misplaced("inspector's", "another")
        : invalid();
    if (claims.exp * 1000 <= this.#clock.now()) return this.refuseExpired();
    if (claims.shows !== "*" && !claims.shows.includes(show))
      return refuse("forbidden", `the token is good for other shows than "${show}"`);
    return { subject: claims.sub, receivers: claims.receivers };
  }

  /** The operator whose token this is, if it may act as `role` in `show` ("*": in every one). */
  operatorAs(token: string | undefined, role: OperatorRole, show: string): Operator | Refusal {
    const operator = this.operator(token);
    if (isRefusal(operator)) return operator;
    if (!hasRole(operator, role))
      return refuse("forbidden", `this takes the role ${role}; the token has ${operator.role}`);
    if (operator.shows !== "*" && !operator.shows.includes(show))
      return refuse("forbidden", `the token is good for other shows than "${show}"`);
    return operator;
  }
}

export function hasRole(operator: Operator, role: OperatorRole): boolean {
  return OPERATOR_ROLES.indexOf(operator.role) >= OPERATOR_ROLES.indexOf(role);
}

/** The token in `Authorization: Bearer …` (RFC 6750, 2.1); undefined where the header is absent or says something else. */
export function bearer(headers: Headers): string | undefined {
  const value = headers.get("authorization");
  if (value === null) return undefined;
  if (value.startsWith("Bearer ")) return value.slice(7);
  return /^bearer +(\S+)$/i.exec(value)?.[1];
}

/**
 * The receiver that a token claims to be, for finding its shard: unchecked, since who lies is sent where the token is
 * refused. `issuer`: the broadcaster's, whose subjects are kept apart by it.
 */
export function subjectOf(token: string | undefined, issuer: string | undefined): string | undefined {
  const claims = token === undefined || token.length > MAX_TOKEN_CHARS ? undefined : claimsOf(token);
  if (!isNamed(claims)) return undefined;
  const subject = String(claims["sub"]);
  return isOwnToken(token!) ? subject : `${issuer}|${subject}`;
}

function refuseForm(token: string | undefined): Refusal | undefined {
  if (token === undefined || token === "") return noToken();
  if (token.length > MAX_TOKEN_CHARS)
    return refuse("token_invalid", `the token has ${token.length} characters, wanted at most ${MAX_TOKEN_CHARS}`);
  return undefined;
}

function noToken(): Refusal {
  return refuse("token_missing", 'no token came; wanted "Authorization: Bearer …"');
}

function invalid(): Refusal {
  return refuse("token_invalid", "the token is none that this network or its broadcaster signed");
}

function misplaced(wanted: string, came: string): Refusal {
  return refuse("forbidden", `this takes a ${wanted} token; ${came} came`);
}

function isReceiverClaims(claims: unknown): claims is ReceiverClaims {
  return isNamed(claims) && claims["role"] === "receiver" && typeof claims["anon"] === "boolean";
}

function isOperatorClaims(claims: unknown): claims is OperatorClaims {
  if (!isNamed(claims) || !OPERATOR_ROLES.some((role) => role === claims["role"])) return false;
  const shows = claims["shows"];
  return shows === "*" || (Array.isArray(shows) && shows.every((show) => typeof show === "string"));
}

function isInspectorClaims(claims: unknown): claims is InspectorClaims {
  if (!isNamed(claims) || claims["role"] !== "inspector") return false;
  const { shows, receivers } = claims;
  const namesShows = shows === "*" || (Array.isArray(shows) && shows.every((show) => typeof show === "string"));
  return namesShows && (receivers === "pseudonyms" || receivers === "hashes");
}

function isNamed(claims: unknown): claims is Record<string, unknown> {
  if (typeof claims !== "object" || claims === null) return false;
  return "sub" in claims && typeof claims.sub === "string" && "exp" in claims && typeof claims.exp === "number";
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
