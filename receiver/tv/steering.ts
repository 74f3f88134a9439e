import { ownOrigin, type PageAddress } from "./address.ts";
import type { Edges } from "./edges.ts";
import { askAt } from "./request.ts";

/** Finds the edges that keep a shard: the one that was asked does not. */
export function findShard(show: string, shard: number, edges: Edges): void {
  askAt(edges.current(), { method: "GET", path: `/v1/edges/nearest?show=${show}&shard=${shard}` }, (answer) => {
    var list = addressesIn(answer.body as Nearest);
    if (answer.status !== 200 || list.length === 0) return edges.move();
    edges.replace(list);
    edges.onmoved();
  });
}

/** What `GET /v1/edges/nearest` answers, as far as it is read here. */
interface Nearest {
  readonly edges?: readonly { readonly address?: unknown }[];
}

/** Edges that are raced: more would be asked by a whole audience for nothing. */
var MAX_RACED = 3;

/**
 * Finds this receiver's edge: those that the page's address names, or else the best three that steering knows, of which
 * the first to answer is kept and the others stay in reserve. Where there is no steering, the page's own origin.
 */
export function findEdges(address: PageAddress, edges: Edges, done: () => void): void {
  if (address.edges.length > 0) return done();
  askAt(ownOrigin(), { method: "GET", path: `/v1/edges/nearest?show=${address.show}` }, (answer) => {
    var list = addressesIn(answer.body as Nearest);
    if (answer.status !== 200 || list.length === 0) return done();
    race(list.slice(0, MAX_RACED), (winner) => {
      edges.replace([winner].concat(list.filter((each) => each !== winner)));
      done();
    });
  });
}

function addressesIn(body: Nearest): string[] {
  var found: string[] = [];
  for (var i = 0; body.edges && i < body.edges.length; i++) {
    var each = body.edges[i]!.address;
    if (typeof each === "string") found.push(each);
  }
  return found;
}

/** The first that answers and is ready; the first of the list where none does. */
function race(list: readonly string[], done: (winner: string) => void): void {
  var isOver = false;
  var waiting = list.length;
  for (var i = 0; i < list.length; i++) run(list[i]!);

  function run(each: string): void {
    askAt(each, { method: "GET", path: "/readyz" }, (answer) => {
      waiting -= 1;
      if (isOver || (answer.status !== 200 && waiting > 0)) return;
      isOver = true;
      done(answer.status === 200 ? each : list[0]!);
    });
  }
}
