import { isOwnToken, type TokenKey } from "../../../edge/token.ts";

/** What a bare handler does for a ballot: verifies the token as an edge does, parses the JSON, and answers a small one. */
export function bareAnswer(
  key: TokenKey,
  authorization: string | null | undefined,
  body: string,
): { status: number; text: string } {
  const token = authorization?.slice("Bearer ".length) ?? "";
  const claims = isOwnToken(token) ? (key.open(token) as { sub: string; exp: number } | undefined) : undefined;
  if (!claims || claims.exp * 1000 <= Date.now()) return { status: 401, text: "{}" };
  const { option, press } = JSON.parse(body) as { option: string; press: number };
  return { status: 202, text: JSON.stringify({ option, press }) };
}
