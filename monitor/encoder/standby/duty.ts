/**
 * Which of two encoders on the same input sends. Each hears the other several times a second.
 *
 *     looking ── the other is active ──────────────► standby
 *        │  └── the other waits, or nobody answers ► active
 *     standby ── the other is silent ──────────────► active
 *     active ── slept, and the other might have taken over ► looking
 *        └───── the other is active for longer ────► standby
 */
export type Duty =
  | { readonly is: "looking"; readonly since: number }
  | { readonly is: "standby"; readonly heardAt: number }
  | { readonly is: "active"; readonly since: number };

/** What the other says of itself. */
export interface Heard {
  readonly duty: Duty["is"];
  /** Since when it is active, milliseconds since 1970. */
  readonly since: number;
}

/** How often an encoder says what it does, and looks at what it heard, ms. */
export const HEARTBEAT_MS = 100;
/** A partner that is silent for so long has failed: four heartbeats, so that a busy machine's late one is none, ms. */
export const SILENCE_MS = 400;
/** How long an encoder that starts looks for a partner, ms; the second of two looks longer, so that one goes first. */
export const LOOKING_MS = { first: 500, second: 900 } as const;
/** An encoder that did nothing for so long may have been taken for failed, ms. */
export const SLEPT_MS = 300;

/** What hearing the partner makes of a duty. `isFirst`: who gives way where both became active in the same moment. */
export function onHeard(duty: Duty, heard: Heard, isFirst: boolean, now: number): Duty {
  switch (duty.is) {
    case "looking":
      if (heard.duty === "active") return { is: "standby", heardAt: now };
      // Both look: the first goes by its shorter time. One that stands by has not taken over, and waits for us.
      return heard.duty === "standby" ? { is: "active", since: now } : duty;
    case "standby":
      return heard.duty === "active" ? { is: "standby", heardAt: now } : duty;
    case "active": {
      if (heard.duty !== "active") return duty;
      const isOlder = heard.since < duty.since || (heard.since === duty.since && !isFirst);
      return isOlder ? { is: "standby", heardAt: now } : duty;
    }
  }
}

/** What the passing of time makes of a duty. */
export function onTime(duty: Duty, isFirst: boolean, now: number): Duty {
  switch (duty.is) {
    case "looking":
      return now - duty.since >= LOOKING_MS[isFirst ? "first" : "second"] ? { is: "active", since: now } : duty;
    case "standby":
      return now - duty.heardAt >= SILENCE_MS ? { is: "active", since: now } : duty;
    case "active":
      return duty;
  }
}

/** After a sleep (a stopped process, a machine that hung): an active one with a partner looks before it sends again. */
export function onSlept(duty: Duty, hasPartner: boolean, now: number): Duty {
  if (duty.is === "standby") return { is: "standby", heardAt: now };
  return duty.is === "active" && hasPartner ? { is: "looking", since: now } : duty;
}
