/** "19:03:10.123", UTC, as the command line has it. */
export function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

export function span(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
}

/** 12345678 → "12 345 678". */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
