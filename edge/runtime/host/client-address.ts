/**
 * Who sent a request: the connection's other end, or, where that is one of our own proxies, the last address in
 * X-Forwarded-For that is none. What a client itself put in front of that is nobody's word.
 */
export function clientAddress(connection: string, forwardedFor: string | null, proxies: ReadonlySet<string>): string {
  let address = plain(connection);
  const hops = forwardedFor?.split(",") ?? [];
  while (proxies.has(address) && hops.length > 0) address = plain(hops.pop()!.trim());
  return address;
}

/** Without the IPv6 form in which dual-stack sockets give IPv4 addresses. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
