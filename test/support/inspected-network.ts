// Real edges and a recorder on a network in memory, in a time that the test moves, each with an inspector.
import { Inspector } from "../../crdt/inspect/inspector.ts";
import { Member } from "../../crdt/member.ts";
import { newIdentity, type Identity } from "../../crdt/replicate/introduction.ts";
import type { Replica } from "../../crdt/replica.ts";
import type { Poll } from "../../crdt/show.ts";
import { MemoryDisk } from "../../crdt/store/memory.ts";
import { createApp, type App } from "../../edge/app.ts";
import { Edge } from "../../edge/edge.ts";
import { DEFAULT_LIMITS } from "../../edge/limits.ts";
import type { Receipt } from "../../edge/receipt.ts";
import type { BallotRequest } from "../../edge/service.ts";
import { deriveTokenKeys, type InspectorClaims } from "../../edge/token.ts";
import { Process } from "../../monitor/process.ts";
import { Recorder } from "../../monitor/recorder.ts";
import { aPoll, START } from "./ballots.ts";
import { request, wanted } from "./lone-edge.ts";
import { MemoryFinals, MemoryShows } from "./memory-latches.ts";
import { NotedStore } from "./noted-store.ts";
import { socketPair, type SocketPair } from "./socket-pair.ts";
import { SeededRandom, VirtualTime, VirtualWorld } from "./virtual-world.ts";
import { settle } from "./world.ts";
import { answerOf } from "./answer-of.ts";

export const SHOW = "final";
const NETWORK = new Uint8Array(32).fill(7);
const RECORDER = "recorder";

export interface InspectedMember {
  readonly name: string;
  readonly member: Member;
  readonly store: NotedStore;
  readonly world: VirtualWorld;
  readonly inspector: Inspector;
  /** Edges alone. */
  readonly edge?: Edge;
  readonly app?: App;
}

interface Connection {
  readonly names: readonly [string, string];
  readonly pair: SocketPair;
}

export class InspectedNetwork {
  readonly time = new VirtualTime(START);
  readonly keys = deriveTokenKeys(NETWORK);
  readonly members = new Map<string, InspectedMember>();
  readonly #identities: Identity[];
  readonly #connections: Connection[] = [];
  readonly #cut = new Set<string>();
  /** Of which each has a seed of its own, the first 2. */
  #lives = 1;
  readonly #disks = new Map<string, MemoryDisk>();

  /** Starts the members, and moves time until everyone is linked and ready, with the show at all of them. */
  static async start(edges: readonly string[] = ["fra", "nyc", "syd"], polls: readonly Poll[] = [aPoll()]) {
    const network = await InspectedNetwork.startWithoutShow(edges);
    const { edge } = network.at(edges[0]!);
    const show = { id: SHOW, title: "The final", shards: 1, polls };
    await network.until(edge!.createShow(show, "producer").then(wanted));
    await network.pass(3000);
    return network;
  }

  /** Starts the members, and moves time until everyone is linked. */
  static async startWithoutShow(edges: readonly string[] = ["fra", "nyc", "syd"]) {
    const network = new InspectedNetwork(edges);
    for (const name of edges) await network.#open(name);
    await network.#open(RECORDER);
    await network.pass(3000);
    return network;
  }

  private constructor(edges: readonly string[]) {
    const random = new SeededRandom(1);
    this.#identities = [
      ...edges.map((name) => newIdentity(name, "edge", random)),
      newIdentity(RECORDER, "process", random),
    ];
  }

  at(name: string): InspectedMember {
    return this.members.get(name)!;
  }

  replica(name: string): Replica {
    return this.at(name).member.replica(SHOW)!;
  }

  async pass(ms: number): Promise<void> {
    await settle();
    for (let left = ms; left > 0; left -= 10) {
      this.time.advance(10);
      await settle();
    }
  }

  /** Moves time until `promise` has settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    settled.catch(() => {});
    while (!isSettled) await this.pass(10);
    return settled;
  }

  /** Opens the show's polls. */
  async openPolls(at = "fra"): Promise<void> {
    const show = wanted(this.at(at).edge!.show(SHOW));
    for (const { definition } of show.polls()) {
      await this.until(show.deeds.arm(definition.id, "producer").then(wanted));
      await this.until(show.deeds.open(definition.id, "producer").then(wanted));
    }
    await this.pass(1500);
  }

  vote(at: string, given: Partial<BallotRequest> = {}): Promise<Receipt> {
    return this.until(answerOf(wanted(this.at(at).edge!.show(SHOW)), request(given)).then(wanted));
  }

  /** Two members lose their link, and cannot make another. */
  async cut(a: string, b: string): Promise<void> {
    this.#cut.add(keyOf(a, b));
    for (const { names, pair } of this.#connections) if (keyOf(...names) === keyOf(a, b)) pair.abort();
    await this.pass(50);
  }

  /** An edge is gone, with its links: `restart` brings it back, on its disk. */
  async end(name: string): Promise<void> {
    this.at(name).edge!.stop();
    this.members.delete(name);
    for (const { names, pair } of this.#connections) if (names.includes(name)) pair.abort();
    await this.pass(50);
  }

  restart(name: string): Promise<void> {
    return this.#open(name);
  }

  async isolate(name: string): Promise<void> {
    for (const other of this.members.keys()) if (other !== name) await this.cut(name, other);
  }

  async heal(): Promise<void> {
    this.#cut.clear();
    await this.pass(6000);
  }

  token(given: Partial<InspectorClaims> = {}): string {
    const exp = Math.floor(this.time.now / 1000) + 3600;
    const claims = { sub: "test", exp, role: "inspector", shows: "*", receivers: "pseudonyms" } as const;
    return this.keys.inspectors.sign({ ...claims, ...given });
  }

  /** Asks an edge's API. */
  get(at: string, path: string, token = this.token()): Promise<Response> {
    const headers = { Authorization: `Bearer ${token}` };
    return this.until(Promise.resolve(this.at(at).app!.hono.request(path, { headers })));
  }

  async #open(name: string): Promise<void> {
    const identity = this.#identities.find(({ member }) => member === name)!;
    const disk = this.#disks.get(name) ?? new MemoryDisk();
    this.#disks.set(name, disk);
    const store = new NotedStore(disk);
    const world = new VirtualWorld(this.time, ++this.#lives);
    const member = await Member.open({
      identity,
      listens: identity.listens,
      peers: this.#identities
        .filter((other) => other !== identity)
        .map(({ member: of, role, publicKey, listens }) => ({
          name: of,
          role,
          publicKey,
          ...(listens ? { address: of } : {}),
        })),
      store,
      world,
      dial: (address) => this.#dial(name, address),
      subscribe: () => [0],
      permanent: name === RECORDER,
      onlost: (error) => {
        throw error;
      },
    });
    const inspector = new Inspector(member);
    member.answerer = (question) => inspector.answer(question);
    const program = { name, member, store, world, inspector };
    if (name === RECORDER) this.#record(program);
    this.members.set(name, name === RECORDER ? program : this.#asEdge(program));
  }

  #record({ member, store }: InspectedMember): void {
    new Process(member, [
      new Recorder(member, store, { finals: new MemoryFinals(), shows: new MemoryShows() }),
    ]).start();
    member.start();
  }

  #asEdge(program: InspectedMember): InspectedMember {
    const { name, member, world, inspector } = program;
    const edge = new Edge(member, { region: name, address: `http://${name}.test`, network: NETWORK });
    const app = createApp({
      edge,
      world,
      inspector,
      keys: this.keys,
      limits: DEFAULT_LIMITS,
      pages: new Map(),
      clientAddress: () => "192.0.2.1",
      upgrade: () => new Response(null, { status: 426 }),
    });
    edge.start();
    return { ...program, edge, app };
  }

  #dial(from: string, to: string) {
    const listener = this.members.get(to);
    if (!listener || this.#cut.has(keyOf(from, to))) return Promise.reject(new Error(`"${to}" does not answer`));
    const pair = socketPair(this.time, 5);
    this.#connections.push({ names: [from, to], pair });
    listener.member.backbone.accept(pair.b);
    return Promise.resolve(pair.a);
  }
}

function keyOf(a: string, b: string): string {
  return [a, b].sort().join(" ");
}
