// `npm test`: every check in turn, the quick ones first, stopping at the first that fails. The last line is
// "N passed, M failed", with ", K skipped" if any. Arguments go to vitest: `npm test -- --project unit`.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";

/** What is read of the report that vitest's JSON reporter writes. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

const scripts = ["format:check", "lint", "types", "bundle"];
const reportFile = "test/.report/vitest.json";

process.exitCode = main();

function main(): number {
  for (const script of scripts) {
    if (!run(script, ["--run", script])) return close({ passed: 0, failed: 1, skipped: 0 });
  }
  rmSync(reportFile, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const succeeded = run("tests", ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...process.argv.slice(2)]);

  const report = readReport();
  const skipped = skippedTests(report);
  // An unhandled rejection, for example, fails the run and no test.
  const failed = Math.max(report.numFailedTests + brokenFiles(report), succeeded ? 0 : 1);
  const code = close({ passed: report.numPassedTests, failed, skipped: skipped.length });
  return process.env.CI === "true" && skipped.length > 0 ? 1 : code;
}

function run(heading: string, args: string[]): boolean {
  console.log(`\n── ${heading} ${"─".repeat(76 - heading.length)}`);
  const { status, signal, error } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) console.log(`FAILED: ${heading} (${error?.message ?? signal ?? `exit code ${status}`})`);
  return status === 0;
}

function readReport(): Report {
  try {
    return JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  } catch (error) {
    console.log(`FAILED: no report of vitest in "${reportFile}": ${String(error)}`);
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
}

/** Files that failed without a failed test: they did not load, or a hook of theirs threw. */
function brokenFiles(report: Report): number {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return broken.length;
}

/** Names the skipped tests, as a skip must not go unnoticed; with CI=true it fails the run. */
function skippedTests(report: Report): string[] {
  const names = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter((test) => test.status !== "passed" && test.status !== "failed")
      .map((test) => `${relative(".", name)} > ${test.fullName} (${test.status})`),
  );
  const verdict = process.env.CI === "true" ? "FAILED, as CI=true allows no skips" : "skipped";
  for (const name of names) console.log(`${verdict}: ${name}`);
  return names;
}

function close({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): number {
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed > 0 ? 1 : 0;
}
