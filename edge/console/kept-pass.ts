import { readPass, type Pass } from "./pass.ts";

/** Where a tab keeps its token: a closed one has forgotten it. */
const KEPT = "redbutton-console-token";

/** The pass of the address (`#token=…`), which then leaves the address and the history; else the one of this tab. */
export function takePass(): Pass | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  const token = given ?? sessionStorage.getItem(KEPT);
  return token === null ? undefined : readPass(token);
}

export function keepPass(token: string): Pass | undefined {
  const pass = readPass(token.trim());
  if (pass) sessionStorage.setItem(KEPT, pass.token);
  return pass;
}

export function leave(): void {
  sessionStorage.removeItem(KEPT);
  location.reload();
}
