// `redbutton token`: what it prints is what edges take, each kind for its own.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mintToken, type TokenOptions } from "../../../edge/cli/token.ts";
import { deriveTokenKeys } from "../../../edge/token.ts";
import { Tokens } from "../../../edge/tokens.ts";
import { removeFolder, temporaryFolder } from "../../support/database.ts";

const SECRET = randomBytes(32).toString("hex");
const tokens = new Tokens(deriveTokenKeys(Buffer.from(SECRET, "hex")), Date);
let folder: string;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => removeFolder(folder));

function minted(role: TokenOptions["role"]): string {
  const secret = join(folder, "network.secret");
  writeFileSync(secret, SECRET);
  const printed = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  mintToken({ secret, role, name: "ada", days: 1 });
  const text = String(printed.mock.lastCall?.[0]);
  printed.mockRestore();
  return text.trim();
}

test("a receiver's is vouched for by the network, so that it may order", () => {
  expect(tokens.receiver(minted("receiver"))).toMatchObject({ subject: "ada", signed: true });
});

test("an operator's and an inspector's are no receiver's, nor each other's", () => {
  expect(tokens.operator(minted("producer"))).toMatchObject({ subject: "ada", role: "producer", shows: "*" });
  expect(tokens.inspector(minted("inspector"), "final")).toMatchObject({ subject: "ada", receivers: "pseudonyms" });
  expect(tokens.receiver(minted("producer"))).toMatchObject({ refused: "forbidden" });
  expect(tokens.operator(minted("receiver"))).toMatchObject({ refused: "forbidden" });
});
