import { ReceiverIds, shardOf } from "../../../crdt/receiver.ts";
import { ConfigError } from "../../config.ts";
import { problem } from "../../problem.ts";
import { refuse } from "../../refusal.ts";
import { NO_STORE } from "../../routes/answer.ts";
import { unwrapShowKey } from "../../show-key.ts";
import { clientNetwork } from "../../subnet.ts";
import { bearer, subjectOf } from "../../tokens.ts";
import { LINK_PATH } from "../host/door.ts";
import type { Env } from "./env.ts";
import { BACKBONE_PATH, edgeStub, ordersStub, recorderStub } from "./links.ts";
import { ORDERS, RECORDER } from "./members.ts";
import { servePages } from "./pages.ts";
import { placeOf } from "./places.ts";
import type { ProcessObject } from "./process-object.ts";
import { readSettings, refuseSettings, type Settings } from "./settings.ts";
import { Steering } from "./steering.ts";

/** What the Worker has to know of a show to find a receiver's object: it never changes. */
interface ShowShards {
  readonly shards: number;
  readonly receivers: ReceiverIds;
}

/** Shows that an isolate remembers; at more it begins anew. */
const MAX_SHOWS = 1000;

/** The Worker itself: finds the object that answers, and hands the request on. It keeps nothing that cannot be lost. */
export class Door {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #steering: Steering;
  readonly #shows = new Map<string, ShowShards>();

  constructor(env: Env, settings: Settings) {
    this.#env = env;
    this.#settings = settings;
    this.#steering = new Steering(
      settings,
      () => Date.now(),
      () => Math.random(),
    );
  }

  async fetch(request: Request, ctx: ExecutionContext): Promise<Response> {
    const { path, query } = addressOf(request.url);
    if (path.startsWith(BACKBONE_PATH)) return this.#link(request, path);
    if (!isForEdge(path)) {
      const { ASSETS } = this.#env;
      return ASSETS && this.#hasPage(path) ? servePages(ASSETS, request) : nothingAt(path);
    }
    const member = query?.get("member");
    if (member === RECORDER.name) return conditionOf(recorderStub(this.#env));
    if (member === ORDERS.name) return conditionOf(ordersStub(this.#env));
    if (member && this.#steering.knows(member)) return this.#ask(request, [member]);
    const index = this.#settings.objects === 1 ? 0 : await this.#indexOf(request, path, query?.get("shard"));
    const stale = this.#steering.stale(index);
    if (stale.length > 0) ctx.waitUntil(this.#learnLoads(stale));
    return this.#ask(request, this.#steering.order({ place: () => placeOf(request), index }));
  }

  /** Where inspecting is not configured its page is not there either. */
  #hasPage(path: string): boolean {
    return this.#settings.inspect || !path.startsWith(INSPECTOR_PAGE);
  }

  /** The first that answers. What has a body is not sent twice: whoever sent it knows how to do that with the same press. */
  async #ask(request: Request, order: readonly string[]): Promise<Response> {
    for (const name of order) {
      try {
        return await edgeStub(this.#env, this.#settings, name).fetch(request);
      } catch (error) {
        this.#steering.failed(name);
        console.warn({ message: "an object failed to answer", object: name, error: String(error) });
        if (request.body !== null) break;
      }
    }
    return problem(refuse("not_ready", "no edge answers at the moment", { retryAfterS: 1 }));
  }

  /** A link from a member elsewhere; without such members nobody has any business here. */
  async #link(request: Request, path: string): Promise<Response> {
    const name = path.slice(BACKBONE_PATH.length, -LINK_PATH.length);
    const isKnown = path.endsWith(LINK_PATH) && this.#steering.knows(name);
    if (this.#settings.peers.length === 0 || !isKnown || !request.headers.has("upgrade")) return nothingAt(path);
    return edgeStub(this.#env, this.#settings, name).fetch(request);
  }

  /** Which of a region's objects the request is for; any will do where that is not told. */
  async #indexOf(request: Request, path: string, shard: string | null | undefined): Promise<number> {
    const { objects } = this.#settings;
    if (shard && /^\d{1,5}$/.test(shard)) return Number(shard) % objects;
    if (path === "/v1/receivers") return spread(clientNetwork(clientAddress(request)).subnet) % objects;
    const [, show] = /^\/v1\/shows\/([^/]+)\//.exec(path) ?? [];
    const subject =
      show === undefined ? undefined : subjectOf(bearer(request.headers), this.#settings.broadcaster?.issuer);
    if (show === undefined || subject === undefined) return 0;
    const known = this.#shows.get(show) ?? (await this.#learnShow(show, request));
    return known ? shardOf(known.receivers.of(subject), known.shards) % objects : 0;
  }

  async #learnShow(id: string, request: Request): Promise<ShowShards | undefined> {
    for (const name of this.#steering.order({ place: () => placeOf(request), index: 0 })) {
      try {
        const found = await edgeStub(this.#env, this.#settings, name).showOf(id);
        if (!found) continue;
        if (this.#shows.size >= MAX_SHOWS) this.#shows.clear();
        const known = {
          shards: found.shards,
          receivers: new ReceiverIds(unwrapShowKey(found.wrappedKey, this.#settings.network, id)),
        };
        this.#shows.set(id, known);
        return known;
      } catch {
        this.#steering.failed(name);
      }
    }
    return undefined;
  }

  async #learnLoads(names: readonly string[]): Promise<void> {
    const learn = async (name: string) => {
      try {
        this.#steering.learn(name, (await edgeStub(this.#env, this.#settings, name).load()) ?? undefined);
      } catch {
        this.#steering.failed(name);
      }
    };
    await Promise.all(names.map(learn));
  }
}

async function conditionOf(process: DurableObjectStub<ProcessObject>): Promise<Response> {
  return new Response(await process.condition(), { headers: { "Content-Type": "application/json", ...NO_STORE } });
}

const doors = new WeakMap<Env, Door>();

/** The isolate's door, or what is wrong with its settings. */
export function doorOf(env: Env): Door | Response {
  const known = doors.get(env);
  if (known) return known;
  try {
    const door = new Door(env, readSettings(env));
    doors.set(env, door);
    return door;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error({ message: "the Worker refuses to start", problems: error.problems });
    return refuseSettings(error);
  }
}

/** Path and query of a request's address. A URL costs each ballot some µs, and most addresses have no query. */
function addressOf(url: string): { readonly path: string; readonly query?: URLSearchParams } {
  const pathAt = url.indexOf("/", "https://".length);
  const queryAt = url.indexOf("?", pathAt);
  if (queryAt < 0) return { path: url.slice(pathAt) };
  return { path: url.slice(pathAt, queryAt), query: new URLSearchParams(url.slice(queryAt)) };
}

/** What objects answer; everything else is a page's file. */
function isForEdge(path: string): boolean {
  return EDGE_PATHS.has(path) || EDGE_FOLDERS.some((folder) => path.startsWith(folder));
}

const INSPECTOR_PAGE = "/inspect/";
const EDGE_FOLDERS = ["/v1/", "/_inspect/", "/schemas/", "/hls/", "/hbbtv/"];
const EDGE_PATHS = new Set(["/healthz", "/readyz", "/metrics", "/openapi.json"]);

function nothingAt(path: string): Response {
  return problem(refuse("not_found", `there is nothing at "${path.slice(0, 100)}"`));
}

function clientAddress(request: Request): string {
  return request.headers.get("cf-connecting-ip") ?? "";
}

/** FNV-1a, 32 bits. */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
