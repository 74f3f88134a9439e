/** Where a transport stream comes from, as an operator writes it. */
export type Source =
  | { readonly kind: "udp"; readonly host: string; readonly port: number; readonly interface?: string }
  | { readonly kind: "file"; readonly path: string }
  /** A file that follows itself for ever at its own rate. */
  | { readonly kind: "loop"; readonly path: string }
  | { readonly kind: "stdin" };

/** Where it goes. */
export type Target =
  | { readonly kind: "udp"; readonly host: string; readonly port: number; readonly interface?: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdout" };

/** `udp://HOST:PORT[?interface=ADDRESS]`, `loop:FILE`, `-` or a file's path. Throws with what was wanted. */
export function parseSource(text: string): Source {
  if (text === "-") return { kind: "stdin" };
  if (text.startsWith("loop:")) return { kind: "loop", path: text.slice("loop:".length) };
  return parseUdp(text, "input") ?? { kind: "file", path: text };
}

/** `udp://HOST:PORT[?interface=ADDRESS]`, `-` or a file's path. */
export function parseTarget(text: string): Target {
  if (text === "-") return { kind: "stdout" };
  return parseUdp(text, "output") ?? { kind: "file", path: text };
}

function parseUdp(text: string, what: string): Extract<Source, { kind: "udp" }> | undefined {
  if (!/^\w+:\/\//.test(text)) return undefined;
  const [, host, port, own] =
    /^udp:\/\/@?([^:/?]+|\[[0-9a-fA-F:]+\]):(\d{1,5})\/?(?:\?interface=(.+))?$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new Error(`reading the ${what} "${text}": wanted udp://HOST:PORT, a file, or "-"`);
  const udp = { kind: "udp", host: host.replace(/^\[|\]$/g, ""), port: Number(port) } as const;
  return own === undefined ? udp : { ...udp, interface: own };
}

/** Multicast groups: 224.0.0.0/4 (RFC 5771) and ff00::/8 (RFC 4291). */
export function isMulticast(host: string): boolean {
  return /^(22[4-9]|23\d)\.|^ff/i.test(host);
}

/** `HOST:PORT`, `[HOST]:PORT` or `:PORT`. */
export function parseHostPort(text: string, defaultHost: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, number] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  if (number === undefined || Number(number) > 65_535)
    throw new Error(`reading the address "${text}": wanted HOST:PORT`);
  return { host: bracketed ?? (plain || defaultHost), port: Number(number) };
}
