import type { Cue } from "../../monitor/cue.ts";
import type { CueIndication } from "../../monitor/encoder/indication.ts";
import { payloadOf } from "../../monitor/encoder/payload.ts";

/** A cue of the sample show; `n` makes it another one. */
export function cueOf(n: number, changes: Partial<Cue> = {}): Cue {
  return {
    id: n.toString(16).padStart(16, "0") + "0123456789abcdef",
    eventId: n + 1,
    show: "talent-final",
    threshold: "ten-thousand",
    epoch: 1,
    message: { kind: "text", text: `${n} viewers` },
    durationMs: 8000,
    firedAt: 1_764_097_200_000 + n,
    ...changes,
  };
}

/** The same as the encoder has it in hand. */
export function indicationOf(n: number, changes: Partial<Cue> = {}): CueIndication {
  const cue = cueOf(n, changes);
  return { kind: "cue", eventId: cue.eventId, payload: payloadOf(cue), firing: n };
}
