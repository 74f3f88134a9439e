// A process of its own that owns a store: `node database-writer.ts URL BOOT`. Prints "open", then each sequence once it is
// durable, until it is killed; or why it could not open.
import { openLibsqlStore } from "../../crdt/store/libsql.ts";
import { fra, sampleBatch } from "./database.ts";

/** It ends by itself when nobody is left to kill it. */
const MAX_SEQUENCE = 20_000;

const [url = "", boot = fra.boot] = process.argv.slice(2);
try {
  const store = await openLibsqlStore(url, { waitMs: 0 });
  console.log("open");
  for (let sequence = 1; sequence <= MAX_SEQUENCE; sequence += 1) {
    await store.append([{ kind: "batch", show: "final", bytes: sampleBatch({ ...fra, boot }, sequence, 64) }]);
    console.log(String(sequence));
  }
} catch (error) {
  console.log(String(error));
}
