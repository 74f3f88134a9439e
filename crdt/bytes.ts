/** Whether they hold the same. Not for secrets: the longer it takes, the more of them is alike. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
