import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import WebSocket from "ws";
import { PRESENCE } from "../../../crdt/ballot.ts";
import { chainId } from "../../../crdt/batch.ts";
import { Member } from "../../../crdt/member.ts";
import { newIdentity, publicKeyHex } from "../../../crdt/replicate/introduction.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { MemoryStore } from "../../../crdt/store/memory.ts";
import { objectPeers } from "../../../edge/cli/network/object-peers.ts";
import { freePorts } from "../../../edge/cli/network/ports.ts";
import { dialLink } from "../../../edge/runtime/host/websocket.ts";
import { realWorld } from "../../../edge/runtime/host/world.ts";
import { startSqld } from "../../support/sqld.ts";
import { Workerd } from "../../support/workerd.ts";
import { ballotOf, POLL_ID, SHOW_ID } from "./ballots.ts";
import { Isolate } from "../../support/isolate.ts";
import { receiverKey, receiverToken } from "./tokens.ts";
import { openShow } from "./workers.ts";

const REGION = "one";
const OBJECT = "one-0";
const LOOK_MS = 100;
/** Receivers written at once, so that the writer's queue stays short. */
const GROUP = 20_000;

/** One edge object and its recorder in workerd, whose isolate tells what it holds; and another edge that brings ballots. */
export class WorkersMemory {
  readonly #stops: (() => unknown)[] = [];
  readonly #secret = bytesToHex(randomBytes(32));
  #port = 0;
  #isolate!: Isolate;
  #bringer!: Member;
  #receivers = 0;

  static async start(): Promise<WorkersMemory> {
    const started = new WorkersMemory();
    try {
      await started.#start();
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  liveBytes(): Promise<number> {
    return this.#isolate.liveBytes();
  }

  /** Has so many more receivers be present and vote, by a link; resolves when all of it is recorded and pruned. */
  async bring(receivers: number): Promise<void> {
    await until(() => this.#bringer.replica(SHOW_ID)?.shards().size === 1);
    const replica = this.#bringer.replica(SHOW_ID)!;
    const { writer } = replica.shard(0);
    for (const end = this.#receivers + receivers; this.#receivers < end;) {
      const numbers = Array.from({ length: Math.min(GROUP, end - this.#receivers) }, (_, i) => this.#receivers + i);
      const ballots = numbers.map((number) => ballotOf(number, Date.now()));
      const written = ballots.flatMap((ballot) => [
        writer.write("ballots", ballot),
        writer.write("presence", { ...ballot, poll: PRESENCE, option: 0 }),
      ]);
      await Promise.all(written);
      this.#receivers += numbers.length;
    }
    await until(() => isCounted(replica, this.#receivers));
    await until(() => (replica.board.watermarks.pruned[chainOf(replica)] ?? 0) >= writer.sequence);
  }

  /** Opens so many receivers' sockets, each welcomed. */
  async connect(sockets: number): Promise<void> {
    const key = receiverKey(this.#secret);
    for (let i = 0; i < sockets; i++) {
      const ws = new WebSocket(`ws://127.0.0.1:${this.#port}/v1/shows/${SHOW_ID}/live`);
      await once(ws, "open");
      ws.send(JSON.stringify({ type: "hello", token: receiverToken(key, i) }));
      await once(ws, "message");
      this.#stops.push(() => ws.terminate());
    }
  }

  async #start(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-memory-"));
    this.#stops.push(() => rmSync(folder, { recursive: true, force: true }));
    const sqld = await startSqld(folder);
    this.#stops.push(() => sqld.stop());
    const [port = 0, inspectorPort = 0] = await freePorts(2);
    this.#port = port;
    const address = `http://127.0.0.1:${port}`;
    const bringer = newIdentity("bringer", "edge", { bytes: (length) => new Uint8Array(randomBytes(length)) });
    const peers = [{ name: "bringer", role: "edge", key: publicKeyHex(bringer) }];
    const bindings = {
      REGIONS: `${REGION}=weur`,
      ADDRESS: address,
      NETWORK_SECRET: this.#secret,
      LIBSQL_URL: sqld.url,
      PEERS: JSON.stringify(peers),
      THRESHOLDS: "off",
    };
    const workerd = new Workerd(folder, { ports: { [REGION]: port }, bindings, inspectorPort });
    await workerd.start();
    this.#stops.push(() => workerd.kill());
    await openShow({ host: "127.0.0.1", port, secret: this.#secret });
    const objects = objectPeers({ address, regions: [REGION], objects: 1, network: hexToBytes(this.#secret) });
    this.#bringer = await Member.open({
      identity: bringer,
      listens: false,
      peers: objects.map(({ role, key, ...peer }) => ({
        ...peer,
        role: role === "edge" ? "edge" : "process",
        publicKey: hexToBytes(key),
      })),
      store: new MemoryStore(),
      world: realWorld(() => {}),
      dial: dialLink,
      subscribe: () => [0],
    });
    this.#bringer.start();
    this.#stops.push(() => this.#bringer.stop());
    this.#isolate = await Isolate.connect(inspectorPort, "objects");
    this.#stops.push(() => this.#isolate.close());
  }
}

/** Whether the object says of so many receivers that they are there and have voted. */
function isCounted(replica: Replica, receivers: number): boolean {
  const section = replica.tallies.of(OBJECT)?.shards[0];
  const votes = section?.polls[POLL_ID]?.anonymous.reduce((sum, count) => sum + count, 0);
  return section?.present === receivers && votes === receivers;
}

function chainOf(replica: Replica): string {
  return chainId(replica.shard(0).writer.chain);
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await pause(LOOK_MS);
}
