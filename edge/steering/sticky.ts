/**
 * Draws that are the same for the same receiver: its requests go to the same edge while nothing changes, and when loads
 * change only as many receivers move as must. FNV-1a seeds a mulberry32.
 */
export function stickyDraw(receiver: string): () => number {
  let state = 0x811c9dc5;
  for (let i = 0; i < receiver.length; i++) state = Math.imul(state ^ receiver.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
