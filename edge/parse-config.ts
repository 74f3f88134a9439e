import { hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { config, type FileContents } from "./config-schema.ts";
import { ConfigError, type Config, type OrdersConfig, type StoreConfig } from "./config.ts";
import { Secrets, type SecretReader } from "./secrets.ts";

/**
 * Checks the contents of a configuration file (an edge's, where no role is given) and resolves its secrets. Throws
 * `ConfigError` with everything that is wrong.
 */
export function parseConfig(contents: string, source: string, readSecret: SecretReader): Config {
  const parsed = v.safeParse(config, withRole(parseJson(contents, source)));
  if (!parsed.success) throw new ConfigError(source, parsed.issues.map(describe));
  const secrets = new Secrets(readSecret);
  const read = readConfig(parsed.output, secrets);
  const problems = [...secrets.problems, ...contradictions(parsed.output)];
  if (problems.length > 0) throw new ConfigError(source, problems);
  return read;
}

function parseJson(contents: string, source: string): unknown {
  try {
    return JSON.parse(contents);
  } catch (error) {
    throw new ConfigError(source, [error instanceof Error ? error.message : String(error)]);
  }
}

function withRole(contents: unknown): unknown {
  const isObject = typeof contents === "object" && contents !== null && !Array.isArray(contents);
  return isObject && !("role" in contents) ? { ...contents, role: "edge" } : contents;
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "the file";
  const wanted = issue.message.startsWith("Invalid ") ? (issue.expected ?? "something else") : issue.message;
  if (issue.expected === "never") return `${path}: is no setting here`;
  return `${path}: got ${issue.received}, wanted ${wanted}`;
}

function readConfig(file: FileContents, secrets: Secrets): Config {
  const member = {
    name: file.name,
    region: file.region,
    peers: file.peers.map(({ key, address: at, ...rest }) => ({
      ...rest,
      key: hexToBytes(key),
      ...(at === undefined ? {} : { address: at }),
    })),
    store: readStore("store", file.store, secrets),
    ...(file.latch === undefined ? {} : { latch: readStore("latch", file.latch, secrets) }),
    ...(file.encoder === undefined ? {} : { encoder: file.encoder }),
    keys: {
      private: secrets.key("keys.private", file.keys.private),
      network: secrets.key("keys.network", file.keys.network),
    },
    clock: file.clock,
    inspect: file.inspect,
  };
  if (file.role !== "edge") {
    const { role: its, backbone, status, orders } = file;
    const own = { ...(backbone ? { backbone } : {}), ...(status ? { status } : {}) };
    return { ...member, role: its, ...own, ...(orders ? { orders: readOrders(orders, secrets) } : {}) };
  }
  const { host, port: at, address: told } = file.public;
  const { backbone, place, geo, capacity, proxies, limits, hls, watch, jwks } = file;
  const own = { host, port: at, address: told ?? `http://${host.includes(":") ? `[${host}]` : host}:${at}` };
  const optional = { ...(place ? { place } : {}), ...(geo ? { geo } : {}), ...(jwks ? { jwks } : {}) };
  return { ...member, role: "edge", public: own, backbone, capacity, proxies, limits, hls, watch, ...optional };
}

type OrdersFile = NonNullable<Exclude<FileContents, { role: "edge" }>["orders"]>;

function readOrders({ provider, keys, books }: OrdersFile, secrets: Secrets): OrdersConfig {
  return {
    provider: { url: provider.url, secret: secrets.text("orders.provider.secret", provider.secret) },
    keys: keys.map((key, i) => secrets.bytes(`orders.keys.${i}`, key)),
    ...(books === undefined ? {} : { books: readStore("orders.books", books, secrets) }),
  };
}

function readStore(path: string, file: FileContents["store"], secrets: Secrets): StoreConfig {
  if (typeof file === "string") return { url: file, relaxed: false };
  const { url: at, authToken, relaxed = false } = file;
  return {
    url: at,
    relaxed,
    ...(authToken === undefined ? {} : { authToken: secrets.text(`${path}.authToken`, authToken) }),
  };
}

/** What each setting alone cannot show. */
function contradictions(file: FileContents): string[] {
  const names = [file.name, ...file.peers.map(({ name }) => name)];
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  const problems = twice.map((name) => `peers: got "${name}" twice, wanted every member once, this one left out`);
  if (file.role === "edge" && !(typeof file.store === "string" ? file.store : file.store.url).startsWith("file:"))
    problems.push(`store: got a server, wanted "file:PATH": an edge's log is on its own disk`);
  if (file.latch !== undefined && (typeof file.latch === "string" ? file.latch : file.latch.url).startsWith("file:"))
    problems.push(`latch: got a file, wanted a libSQL server: one process owns a file, and others latch through it`);
  if (file.role === "edge" && file.public.port === file.backbone.port && file.public.host === file.backbone.host)
    problems.push(`backbone: got the public address ${file.public.host}:${file.public.port}, wanted one of its own`);
  if (file.role !== "edge" && (file.role === "orders") !== (file.orders !== undefined))
    problems.push(`orders: a provider and keys are wanted where the role is "orders", and nowhere else`);
  const books = file.role === "edge" ? undefined : file.orders?.books;
  if (books !== undefined && (typeof books === "string" ? books : books.url).startsWith("file:"))
    problems.push(`orders.books: got a file, wanted a libSQL server: one process owns a file, its "store"`);
  return problems;
}
