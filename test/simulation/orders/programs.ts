import type { EnvelopeKeyPair } from "../../../crdt/envelope.ts";
import type { Member } from "../../../crdt/member.ts";
import type { Database } from "../../../crdt/store/libsql-database.ts";
import { Edge } from "../../../edge/edge.ts";
import { LibsqlBooks } from "../../../monitor/orders/libsql-books.ts";
import { OrderProcessor } from "../../../monitor/orders/processor.ts";
import { WebhookProvider, type Send } from "../../../monitor/orders/webhook.ts";
import { Process } from "../../../monitor/process.ts";
import { Recorder } from "../../../monitor/recorder.ts";
import type { SimStore } from "../disk.ts";
import type { SimLatches } from "../latches.ts";
import type { Life } from "../life.ts";
import { PROVIDER_SECRET, PROVIDER_URL } from "./provider.ts";

/** The very code that ships: an edge. */
export function beginEdge(member: Member, network: Uint8Array): Edge {
  const edge = new Edge(member, { region: member.name, address: `https://${member.name}`, network });
  edge.start();
  return edge;
}

export function beginRecorder(member: Member, life: Life, store: SimStore, latches: SimLatches): void {
  new Process(member, [new Recorder(member, store, latches.of(life))]).start();
  member.start();
}

/** An order processor, its books on a server, and a provider that it reaches by `send`. */
export function beginProcessor(member: Member, books: Database, send: Send, keys: readonly EnvelopeKeyPair[]): void {
  const { clock } = member.world;
  const provider = new WebhookProvider({ url: PROVIDER_URL, secret: PROVIDER_SECRET, clock, send });
  new Process(member, [new OrderProcessor({ member, books: new LibsqlBooks(books), provider, keys })]).start();
  member.start();
}
