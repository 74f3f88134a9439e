// What `redbutton dns` and `redbutton lb` say of edges in their logs.

/** Each edge's health as it was last said; of an edge that never changed nothing is said. */
export function healthSaid(output: string): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  for (const [, edge, health] of output.matchAll(/"edge":"([^"]+)","health":"(up|down)"/g)) said.set(edge!, health!);
  return said;
}

/** The edges that are down by the last word on each, in order. */
export function edgesDown(output: string): string {
  const down = [...healthSaid(output)].filter(([, health]) => health === "down").map(([edge]) => edge);
  return down.toSorted().join(" ");
}
