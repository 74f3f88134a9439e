/**
 * What counts as one address and as one network of a client: IPv4 as it is and its /24; IPv6 (RFC 4291) by /64, which
 * is one home, and by /48. What is no address is its own network, so that a limit still holds it.
 */
export interface ClientNetwork {
  readonly address: string;
  readonly subnet: string;
}

export function clientNetwork(address: string): ClientNetwork {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const v4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.(\d{1,3})$/i.exec(bare);
  if (v4) return { address: `${v4[1]}.${v4[2]}`, subnet: `${v4[1]}.0/24` };
  const groups = expand(bare);
  if (!groups) return { address, subnet: address };
  return { address: `${groups.slice(0, 4).join(":")}::/64`, subnet: `${groups.slice(0, 3).join(":")}::/48` };
}

/** The eight groups of an IPv6 address without leading zeros; undefined where it is none. */
function expand(address: string): string[] | undefined {
  const [head = "", tail, ...rest] = address.toLowerCase().split("::");
  if (!address.includes(":") || rest.length > 0) return undefined;
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => group.replace(/^0+(?=.)/, ""));
}
