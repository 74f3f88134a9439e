// A payment provider for trying things out, which takes no money: `node edge/runtime/demo-provider.ts --config FILE`.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { DemoBooks } from "../../monitor/demo-provider/books.ts";
import { DemoProvider } from "../../monitor/demo-provider/demo-provider.ts";
import { providerHandler } from "../../monitor/demo-provider/http.ts";
import { lineLog } from "./host/log.ts";
import { EXIT } from "./host/run-member.ts";
import { whenToStop } from "./host/signals.ts";
import { realWorld } from "./host/world.ts";
import { servePublic } from "./node/public.ts";

const ConfigFile = v.object({
  name: v.string(),
  listen: v.object({ host: v.string(), port: v.number() }),
  /** Beside the configuration, where it is not absolute. */
  books: v.string(),
  /** What requests are signed with. */
  secret: v.pipe(v.string(), v.minLength(1)),
});
/** How long requests under way may take when it stops, ms. */
const CLOSE_GRACE_MS = 500;

const { values } = parseArgs({
  options: { config: { type: "string" }, supervised: { type: "boolean", default: false } },
});
const { name, listen, books: file, secret } = configOrEnd(values.config);
const { clock, log } = realWorld(
  lineLog({
    name,
    form: process.stdout.isTTY ? "text" : "json",
    least: "info",
    now: () => Date.now(),
    write: (line) => process.stdout.write(line),
  }),
);
const stopAsked = whenToStop(values.supervised);
const books = DemoBooks.open(file);
const listener = await servePublic(
  {
    ...listen,
    maxMessageBytes: 0,
    onerror: (error) => log("error", "answering a request failed", { error: String(error) }),
  },
  providerHandler(new DemoProvider(books, clock), secret, clock),
);
log("info", "a demo provider is up, which takes no money", { ...listen, books: file, booked: books.all().length });
const reason = await stopAsked;
log("info", "stopping", { reason });
await listener.close(CLOSE_GRACE_MS);
books.close();
process.exit(EXIT.stopped);

function configOrEnd(path: string | undefined) {
  try {
    if (path === undefined) throw new Error("wanted --config FILE");
    const config = v.parse(ConfigFile, JSON.parse(readFileSync(path, "utf8")));
    return { ...config, books: resolve(dirname(path), config.books) };
  } catch (error) {
    process.stderr.write(`starting a demo provider: ${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(EXIT.config);
  }
}
