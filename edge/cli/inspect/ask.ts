import type { Report } from "../../../crdt/inspect/report.ts";
import type { ViewName } from "../../../crdt/inspect/views.ts";
import { DEFAULT_FOLDER, openFolder } from "../network/folder.ts";
import type { TargetOptions } from "../target.ts";
import { UserError } from "../user-error.ts";
import { EXIT } from "./exit.ts";

/** How long an edge may take for a view, ms: one that walks a whole log takes seconds. */
const TIMEOUT_MS = 30_000;
const TOKEN_SECONDS = 3600;
/** An evening's work. */
const LINK_SECONDS = 12 * 3600;

/** A view's parameters, as the API takes them. */
export type Params = Readonly<Record<string, string | undefined>>;

/** An edge that can be asked, and the token to show it. */
interface Target {
  readonly address: string;
  readonly token: string;
}

/** Asks the edge that is named, or the first one of the network that answers. */
export async function askView(view: ViewName, params: Params, options: TargetOptions): Promise<Report> {
  const targets = targetsOf(options);
  const failures: string[] = [];
  for (const { address, token } of targets) {
    const answer = await ask(`${address.replace(/\/$/, "")}/_inspect/v1/${view}${queryOf(params)}`, token);
    if (typeof answer !== "string") return answer;
    failures.push(answer);
  }
  throw new UserError(`no edge answers:\n${failures.map((failure) => `  ${failure}`).join("\n")}`, EXIT.unreachable);
}

/** The page's address at the edge that is named, or the network's first, with a token that is good for a while. */
export function pageLink(options: TargetOptions, show: string | undefined): string {
  const [target] = targetsOf(options, LINK_SECONDS);
  const query = show === undefined ? "" : `?${new URLSearchParams({ show }).toString()}`;
  return `${target!.address.replace(/\/$/, "")}/inspect/${query}#token=${target!.token}`;
}

function targetsOf(options: TargetOptions, seconds = TOKEN_SECONDS): Target[] {
  const token = options.token ?? process.env["REDBUTTON_TOKEN"];
  if (options.edge !== undefined && /^https?:/.test(options.edge)) {
    if (token === undefined)
      throw new UserError(`talking to "${options.edge}" needs a token: --token or REDBUTTON_TOKEN`);
    return [{ address: options.edge, token }];
  }
  const folder = openFolder(options.dir ?? DEFAULT_FOLDER);
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const own = () =>
    folder
      .tokenKeys()
      .inspectors.sign({ sub: "redbutton-cli", exp, role: "inspector", shows: "*", receivers: "pseudonyms" });
  return folder.edgesNamed(options.edge).map(({ address }) => ({ address, token: token ?? own() }));
}

function queryOf(params: Params): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

/** The report; or why this edge gave none, where another might. */
async function ask(url: string, token: string): Promise<Report | string> {
  const headers = { authorization: `Bearer ${token}` };
  let response: Response;
  try {
    response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return `${url}: ${cause}`;
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && isReport(body)) return body;
  const { code, detail } = problemOf(body, response.status);
  if (response.status >= 500) return `${url}: ${code}: ${detail}`;
  if (code === "not_found")
    throw new UserError(`${url}: ${detail}\nIs the edge configured with "inspect": true?`, EXIT.notFound);
  throw new UserError(`${url}: ${code}: ${detail}`, code === "unknown_show" ? EXIT.notFound : EXIT.usage);
}

function isReport(body: unknown): body is Report {
  return typeof body === "object" && body !== null && "version" in body && body.version === 1;
}

function problemOf(body: unknown, status: number): { code: string; detail: string } {
  const isProblem = typeof body === "object" && body !== null && "code" in body && "detail" in body;
  return isProblem
    ? { code: String(body.code), detail: String(body.detail) }
    : { code: `HTTP ${status}`, detail: "no report of this version" };
}
