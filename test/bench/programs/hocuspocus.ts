// A hocuspocus server as its documentation starts one, without a database. Prints {"port"}, and for each line asked
// {"documentBytes"}: the size of its one document.
import { Server } from "@hocuspocus/server";
import * as Y from "yjs";
import { asked, tellParent } from "../support/program.ts";

const server = new Server({ port: 0, address: "127.0.0.1", quiet: true });
await server.listen();
tellParent({ port: server.address.port });
for (const asks = asked<unknown>(); !(await asks.next()).done;) {
  const [document] = server.hocuspocus.documents.values();
  tellParent({ documentBytes: document ? Y.encodeStateAsUpdate(document).length : 0 });
}
process.exit(0);
