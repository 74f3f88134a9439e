/** How a program is asked to end. */
export type StopReason = "SIGINT" | "SIGTERM" | "parent gone";

/**
 * Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. With `supervised`, standard input is
 * the supervisor's lifeline: when it ends, the supervisor is gone, and its children must not outlive it.
 */
export function whenToStop(supervised: boolean): Promise<StopReason> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (reason: StopReason) => {
      if (asked && reason !== "parent gone") process.exit(EXIT_IMPATIENT);
      asked = true;
      resolve(reason);
    };
    process.on("SIGINT", () => ask("SIGINT"));
    process.on("SIGTERM", () => ask("SIGTERM"));
    if (supervised) process.stdin.on("end", () => ask("parent gone")).resume();
  });
}

/** 128 + SIGTERM, as a shell would say. */
const EXIT_IMPATIENT = 143;
