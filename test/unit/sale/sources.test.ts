// What a sale is compared from.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeFolder } from "../../../edge/cli/network/folder.ts";
import { planNetwork } from "../../../edge/cli/network/plan.ts";
import { verifySale } from "../../../edge/cli/sale/sources.ts";

const path = mkdtempSync(join(tmpdir(), "redbutton-sale-"));
afterAll(() => rmSync(path, { recursive: true }));

test("a network without an order processor is not waited for: it will not get one", async () => {
  const edges = [{ name: "fra", region: "fra", publicHost: "127.0.0.1", backboneHost: "127.0.0.1" }];
  const folder = writeFolder(join(path, "network"), planNetwork({ edges, ports: { public: 1, backbone: 2 } }));
  await expect(verifySale({ folder, show: "final", buyers: [], waitMs: 3_600_000 })).rejects.toThrow(
    "has no order processor: nothing is sold there",
  );
});
