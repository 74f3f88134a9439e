// A member that the test plays itself: it holds a configured key, and says whatever it likes.
import { bytesToHex } from "@noble/hashes/utils.js";
import { identityFrom, introduce, type Identity } from "../../crdt/replicate/introduction.ts";
import { Link, type Traffic } from "../../crdt/replicate/link.ts";
import type { Peer } from "../../crdt/replicate/handshake.ts";
import { dialLink } from "../../edge/runtime/host/websocket.ts";
import { realWorld } from "../../edge/runtime/host/world.ts";
import type { EdgeConfig } from "../../edge/config.ts";
import type { Cluster } from "./cluster.ts";
import { soon } from "./soon.ts";

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** An open link of the absent edge `name` to a running one. */
export class Stranger {
  readonly heard: Traffic[] = [];
  readonly closed: Promise<Ending>;
  readonly boot: string;
  readonly identity: Identity;
  readonly link: Link;

  /** Dials `to` as `name`, with that member's own key. */
  static dial(cluster: Cluster, name: string, to: string): Promise<Stranger> {
    return Stranger.dialAs(cluster, identityFrom(name, "edge", configOf(cluster, name).keys.private), to);
  }

  /** Dials `to`; resolves when both have proved who they are, and rejects with how the link ended before that. */
  static async dialAs(cluster: Cluster, identity: Identity, to: string): Promise<Stranger> {
    const config = configOf(cluster, to);
    const { publicKey } = identityFrom(to, "edge", config.keys.private);
    const socket = await dialLink(`ws://${config.backbone.host}:${config.backbone.port}/link`);
    const dialled: Peer = { name: to, role: "edge", publicKey };
    const boot = newBoot();
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<Ending>();
    const heard: Traffic[] = [];
    const link = new Link(socket, {
      identity,
      boot,
      peers: (asked) => (asked === to ? dialled : undefined),
      dialled,
      world: realWorld(() => {}),
      on: {
        onopen: () => opened.resolve(),
        onframe: (_link, frame) => heard.push(frame),
        onclose: (_link, reason, code) => {
          closed.resolve({ code, reason });
          opened.reject(new Error(`the link of "${identity.member}" ended with ${code}: ${reason}`));
        },
      },
    });
    await opened.promise;
    return new Stranger(link, identity, boot, heard, closed.promise);
  }

  private constructor(link: Link, identity: Identity, boot: string, heard: Traffic[], closed: Promise<Ending>) {
    this.link = link;
    this.identity = identity;
    this.boot = boot;
    this.heard = heard;
    this.closed = closed;
  }

  /** Claims Yjs clients as its own. */
  introduce(...clients: number[]): void {
    this.link.send({ type: "introduce", bytes: introduce(this.identity, this.boot, clients) });
  }

  update(document: string, update: Uint8Array): void {
    this.link.send({ type: "sync", document, step: "update", update });
  }

  /** Resolves once the other end has dealt with all that was sent before, or has closed the link. */
  async dealtWith(): Promise<Ending | undefined> {
    const answers = () => this.heard.filter(({ type }) => type === "batches").length;
    const before = answers();
    const chain = `0/${this.identity.member}/${this.boot}`;
    this.link.send({ type: "fetch", show: "nothing", chain, after: 0, upTo: 1 });
    const answered = soon(() => {
      if (answers() === before) throw new Error("the link is open, and a fetch is not answered");
    });
    return (await Promise.race([answered, this.closed])) ?? undefined;
  }

  close(): void {
    this.link.close("the test is over");
  }
}

function configOf(cluster: Cluster, name: string): EdgeConfig {
  return cluster.folder.configOf(cluster.folder.edges.find((edge) => edge.name === name)!.config) as EdgeConfig;
}

function newBoot(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(8)));
}
