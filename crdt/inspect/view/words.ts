/** Times and spans as messages have them. */
export function time(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

export function seconds(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
}
