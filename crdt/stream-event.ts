/**
 * The stream event by which a broadcast carries cues (ETSI TS 102 809, 8.2): what encoders write and edges publish, so
 * that receivers find the one by the other.
 */
export const CUE_EVENT = {
  name: "cue",
  /** `stream_event_id`. */
  id: 1,
  /** Names the elementary stream in the programme map; an encoder can be told another. */
  componentTag: 0x40,
} as const;
