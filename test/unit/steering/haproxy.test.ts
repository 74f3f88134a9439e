// What HAProxy is told of edges over TLS; test/process/lb.test.ts runs it.
import { expect, test } from "vitest";
import { haproxyConfig } from "../../../edge/steering/haproxy.ts";

/** As it stands behind each backend: the one that checks, and the one for when no check succeeds. */
function serversOf(address: string): string[] {
  const edge = { edge: "fra", region: "fra", address, admin: "up", health: "up" } as const;
  const listen = { host: "127.0.0.1", port: 8080 };
  const wish = { listen, policy: "free", order: [], checkEveryMs: 500, networks: [], edges: [edge] } as const;
  return [...haproxyConfig(wish).matchAll(/^ *server (fra .*)$/gm)].map(([, server]) => server!);
}

test.for([
  ["http://fra.example.org", /^fra fra\.example\.org:80$/],
  ["https://fra.example.org", /fra\.example\.org:443 ssl verify required .* sni str\(fra\.example\.org\)/],
  ["https://fra.example.org", /check-sni fra\.example\.org verifyhost fra\.example\.org$/],
  ["https://192.0.2.1:8443", /192\.0\.2\.1:8443 ssl verify required ca-file @system-ca check-ssl$/],
] as const)("an edge at %s is asked as it should: %s", ([address, wanted]) => {
  const servers = serversOf(address);
  expect(servers).toHaveLength(2);
  for (const server of servers) expect(server).toMatch(wanted);
});
