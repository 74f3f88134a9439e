import type { OperatorRole } from "../token.ts";

/** What the console knows of who sits before it: the token, and what the token says of itself. An edge checks it. */
export interface Pass {
  readonly token: string;
  readonly name: string;
  readonly role: OperatorRole;
  readonly shows: "*" | readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The roles in their order: each may do what those before it may. */
const ROLES: readonly OperatorRole[] = ["reader", "viewer", "operator", "producer"];

/** Reads a token's claims (RFC 7519) without checking them; undefined where it is no operator's. */
export function readPass(token: string): Pass | undefined {
  try {
    const [, payload = ""] = token.split(".");
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return isOperator(claims) ? passOf(token, claims) : undefined;
  } catch {
    return undefined; // No token at all.
  }
}

export function mayAct(pass: Pass, role: OperatorRole): boolean {
  return ROLES.indexOf(pass.role) >= ROLES.indexOf(role);
}

interface Claims {
  readonly sub: string;
  readonly exp: number;
  readonly role: OperatorRole;
  readonly shows: "*" | readonly string[];
}

function passOf(token: string, { sub, exp, role, shows }: Claims): Pass {
  return { token, name: sub, role, shows, expiresAt: exp * 1000 };
}

function isOperator(claims: unknown): claims is Claims {
  if (typeof claims !== "object" || claims === null) return false;
  const { sub, exp, role, shows } = claims as Partial<Record<keyof Claims, unknown>>;
  const isKnown = ROLES.some((known) => known === role);
  return typeof sub === "string" && typeof exp === "number" && isKnown && (shows === "*" || Array.isArray(shows));
}
