/** How a program is asked to end. */
export type StopReason = "SIGINT" | "SIGTERM" | "parent gone";

/**
 * Resolves at the first SIGINT or SIGTERM; one that comes later ends the process at once. With `supervised`, standard input is
 * the supervisor's lifeline: when it ends, the supervisor is gone, and its children must not outlive it.
 */
export function whenToStop(supervised: boolean): Promise<StopReason> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const ask = (reason: StopReason) => {
      if (askedAt !== undefined && reason !== "parent gone" && Date.now() - askedAt > SAME_SIGNAL_MS)
        process.exit(EXIT_IMPATIENT);
      askedAt ??= Date.now();
      resolve(reason);
    };
    process.on("SIGINT", () => ask("SIGINT"));
    process.on("SIGTERM", () => ask("SIGTERM"));
    if (supervised) process.stdin.on("end", () => ask("parent gone")).resume();
  });
}

/** Ctrl-C reaches a program from the terminal and again from npm and the launcher above it: so long it is one. */
export const SAME_SIGNAL_MS = 1000;
/** 128 + SIGTERM, as a shell would say. */
const EXIT_IMPATIENT = 143;
