// Three nodes with a past, and the parts of updates that tests of the guard put before them.
import * as Y from "yjs";
import { bootOf, expectConverged, makeNodes, type Kind, type Node } from "./network.ts";
import type { RawBlock, RawContent, RawStruct } from "./raw-update.ts";
import { setPoll } from "../../support/documents.ts";

/** Clients of the first three nodes: fra, nyc, syd. */
export const [FRA, NYC, SYD] = [500, 90_000, 7] as const;
/** A later boot of syd, introduced and silent. */
export const SYD_TOO = 777;
export const STRANGER = 12_345;

/** Three nodes that have written a little and know all of each other. */
export function network(): [Node, Node, Node] {
  const nodes = makeNodes(3) as [Node, Node, Node];
  for (const node of nodes) {
    node.append(4);
    node.setRegister(1);
    node.setRegister(2);
    setPoll(node.board, { ...POLL, id: `poll-${node.name}` });
  }
  nodes[0].prune({ [`0/fra/${nodes[0].boot}`]: 2 });
  // Once for the watermarks on the board, which the deletions in the ledger are judged by.
  for (const a of nodes) for (const b of nodes) if (a !== b) b.pull(a);
  for (const a of nodes) for (const b of nodes) if (a !== b) b.pull(a);
  expectConverged(nodes);
  nodes[0].introductions.add({ member: "syd", role: "edge", boot: bootOf(77), clients: [SYD_TOO] }, new Uint8Array());
  return nodes;
}

export const POLL = {
  id: "",
  index: 0,
  question: "red?",
  options: [],
  mode: "last",
  votes: 1,
  graceMs: 0,
  results: "hidden",
} as const;

export function item(content: RawContent, over: Partial<Extract<RawStruct, { kind: "item" }>> = {}): RawStruct {
  return { kind: "item", content, ...over };
}

export const JSON_ONE: RawContent = { kind: "any", values: [1] };
export const BYTES_ONE: RawContent = { kind: "bytes", bytes: Uint8Array.of(1) };
export const onBoard = (key: string, content: RawContent = JSON_ONE): RawStruct =>
  item(content, { parent: "board", key });

export function block(client: number, clock: number, ...structs: RawStruct[]): RawBlock {
  return { client, clock, structs };
}

export const stateOf = (node: Node, kind: Kind, client: number) => Y.getState(node.docs[kind].store, client);
