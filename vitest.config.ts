import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const seconds = 1000;

/** A network of three regions with two objects each. The secret is no secret: it is for tests. */
const WORKERS_BINDINGS = {
  REGIONS: "fra=weur,nyc=enam,syd=oc",
  OBJECTS: "2",
  ADDRESS: "http://redbutton.test",
  INSPECT: "on",
  NETWORK_SECRET: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
};

// One project a kind of test, so that each has its own limits. Keep any globalSetup out here at the root.
export default defineConfig({
  test: {
    globalSetup: ["test/support/build-pages.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/contract/**/*.test.ts", "test/architecture.test.ts"],
          // Each takes well under a second; a busy machine may stretch that.
          testTimeout: 30 * seconds,
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
        // Inside workerd: these tests run where the objects do.
        plugins: [
          cloudflareTest(({ inject }) => ({
            main: "./edge/runtime/workers.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ...WORKERS_BINDINGS,
                LIBSQL_URL: inject("sqld"),
                PROVIDER_URL: inject("provider"),
                PROVIDER_SECRET: inject("providerSecret"),
                ENVELOPE_KEYS: inject("envelopeKey"),
              },
            },
          })),
        ],
        test: {
          name: "workers",
          include: ["test/runtime/workers/**/*.test.ts"],
          globalSetup: "./test/runtime/workers-setup.ts",
          // A log of an object that Vitest intercepts is sent with the test's next word only: after its last one a file
          // would wait for it for ever.
          disableConsoleIntercept: true,
          testTimeout: 60 * seconds,
          hookTimeout: 60 * seconds,
          // After the quick tests: in workerd a whole network shares one thread.
          sequence: { groupOrder: 1 },
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
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 120 * seconds,
          hookTimeout: 120 * seconds,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
