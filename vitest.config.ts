import { defineConfig } from "vitest/config";

const seconds = 1000;

// One project a kind of test, so that each has its own limits. The `workers` project (tests inside workerd) belongs in
// this list too, with `cloudflareTest()` in its plugins; keep any globalSetup out here at the root.
export default defineConfig({
  test: {
    globalSetup: ["test/support/build-pages.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/contract/**/*.test.ts", "test/architecture.test.ts"],
        },
      },
      {
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          testTimeout: 60 * seconds,
        },
      },
      {
        // Real programs, ports and files: one file at a time, after the quick tests, whose load would distort its timing.
        test: {
          name: "process",
          include: ["test/process/**/*.test.ts", "test/loop.test.ts"],
          testTimeout: 120 * seconds,
          hookTimeout: 120 * seconds,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 120 * seconds,
          hookTimeout: 120 * seconds,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
