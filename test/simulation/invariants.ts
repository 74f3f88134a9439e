// What must hold in every run, each under its name.
import * as Y from "yjs";
import { chainId, decodeBatch, decodeHeader } from "../../crdt/batch.ts";
import { parseDocumentName } from "../../crdt/documents.ts";
import { Ledger } from "../../crdt/ledger.ts";
import { HERE } from "../../crdt/origin.ts";
import { isSettled } from "../../crdt/replicate/guard.ts";
import type { Replica } from "../../crdt/replica.ts";
import type { Final, Poll } from "../../crdt/show.ts";
import type { Register } from "../../crdt/tallies.ts";
import type { Receipt } from "../../edge/receipt.ts";
import { canonical, contentOf, structsOf } from "./canonical.ts";
import { waitingFor } from "../../edge/programme.ts";
import type { Machine, Program } from "./machine.ts";
import { agreesWithBooks } from "./oracle.ts";
import { ENCORE } from "./plan.ts";
import { SHOW, type Deed } from "./producer.ts";
import type { Attempt, Receiver } from "./receiver.ts";
import type { Stage } from "./stage.ts";
import type { Truth } from "./truth.ts";

/** What the invariants are judged by. */
export interface Scene {
  readonly stage: Stage;
  readonly truth: Truth;
  readonly polls: readonly Poll[];
  readonly receivers: readonly Receiver[];
  readonly deeds: readonly Deed[];
  /** The results in the permanent database. */
  readonly latched: ReadonlyMap<string, Final>;
  /** Of two, neither knows all that the other has said it deletes. */
  readonly recorders: number;
  /** Programs that run now. */
  running(): readonly Program[];
  /** Machines whose programs must be there and agree when all has come to rest. */
  required(): readonly Machine[];
  /** Whether this boot's disk is still there, and will be read again. */
  mayReturn(boot: string): boolean;
  /** The show's key, as `receiverId` takes it. */
  keyOf(replica: Replica): string;
}

/** What a boot may leave in a ledger for ever, bytes. */
const LEDGER_BYTES_A_BOOT = 1024;
/** What a boot may leave in tallies or board beside its values, structs. */
const STRUCTS_A_BOOT = 8;

export class Invariants {
  readonly #scene: Scene;
  /** Yjs client → the boot that writes under it. */
  readonly #clients = new Map<number, string>();
  /** Chain → poll → sequence of its seal. */
  readonly #sealed = new Map<string, Map<number, number>>();
  /** Yjs client → clock below which the recorder was ever heard to delete. */
  readonly #deletable = new Map<string, number>();
  /** Registers found true, with all they say. */
  readonly #trueRegisters = new Set<string>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** A program starts; of the shows in its log it will append again what its earlier boots wrote. */
  onbegin({ member, machine }: Program): void {
    for (const replica of member.replicas())
      for (const { ledger } of replica.shards().values())
        ledger.doc.on("afterTransaction", (transaction: Y.Transaction) => {
          if (transaction.origin !== HERE) return;
          for (const { bytes } of Ledger.added(transaction)) {
            const header = decodeHeader(bytes);
            const isAbove = header.sequence > (replica.board.watermarks.pruned[chainId(header)] ?? 0);
            this.#check(
              "nothing comes back from below `pruned`",
              isAbove,
              () => `${identityOf(bytes)} at ${machine.host}`,
            );
          }
        });
  }

  /** A batch became durable, for the first time anywhere or again. */
  onbatch(bytes: Uint8Array): void {
    const header = decodeHeader(bytes);
    const id = chainId(header);
    const { votes = [], seals } = this.#scene.truth.batch(id, header.sequence) ?? {};
    const sealed = this.#sealed.get(id) ?? new Map<number, number>();
    this.#sealed.set(id, sealed);
    for (const { poll } of votes)
      this.#check(
        "a sealed poll admits nothing",
        !(header.sequence > (sealed.get(poll) ?? Infinity)),
        () => `poll ${poll} in ${id}/${header.sequence}`,
      );
    if (seals !== undefined && !sealed.has(seals)) sealed.set(seals, header.sequence);
  }

  /** An edge gives a receipt, whether anyone hears it or not. */
  onreceipt(
    receipt: Receipt,
    { poll, k, press, option }: Attempt,
    receiver: Receiver,
    { member, machine }: Program,
  ): void {
    const { truth } = this.#scene;
    const replica = member.replica(SHOW)!;
    const id = chainId(receipt);
    const hex = receiver.hexUnder(this.#scene.keyOf(replica));
    const hosts = truth.hostsOf(id, receipt.sequence);
    const isThere = truth
      .batch(id, receipt.sequence)
      ?.votes.some(
        (vote) =>
          vote.receiver === hex && vote.poll === poll && vote.k === k && vote.press === press && vote.option === option,
      );
    const where = (): string => `${id}/${receipt.sequence}, ${receiver.subject}`;
    this.#check("what is acknowledged is on the edge's disk", isThere === true && hosts.has(machine.host), where);
    this.#check("level peer is on a second disk", receipt.level === "local" || hosts.size >= 2, where);
  }

  /** An edge is about to answer a receiver. */
  onadmission({ member, machine, life }: Program): void {
    const replica = member.replica(SHOW)!;
    const isReady = life.wasLinked && replica.coverage().covers(replica.board.watermarks.pruned);
    this.#check("no unready replica answers", isReady, () => machine.host);
  }

  /** The first final of a poll is latched. */
  onfinal(final: Final): void {
    this.#checkCounts("a final is the fold of exactly its cut", final.cut, { [final.poll]: final.counts }, () =>
      JSON.stringify(final),
    );
  }

  /** What holds at any time. */
  inspect(): void {
    for (const { member, machine } of this.#scene.running()) {
      const replica = member.replica(SHOW);
      if (!replica || replica.shards().size === 0) continue;
      for (const name of replica.documents()) this.#checkDocument(replica, name, member.boot, machine.host);
      for (const [edge, register] of replica.tallies.registers()) this.#checkRegister(edge, register);
      const open = this.#scene.polls.filter(({ id }) => !replica.board.final(id));
      const counts = Object.fromEntries(open.map(({ id, index }) => [id, replica.counts(index)]));
      this.#checkCounts("counts equal a refold", replica.coverage().toJSON(), counts, () => machine.host);
      this.#checkFinals(replica, machine.host);
    }
  }

  /** Why all has not come to rest yet; undefined once it has. */
  unrest(): string | undefined {
    const machines = this.#scene.required();
    for (const { host, running } of machines) {
      const reason = running ? this.#unrestOf(running) : "is down";
      if (reason) return `${host} ${reason}`;
    }
    const replicas = machines.map(({ running }) => running!.member.replica(SHOW)!);
    if (!areSame(replicas.map((replica) => canonical(replica.coverage().toJSON())))) return "coverage differs";
    for (const name of replicas[0]?.documents() ?? []) {
      const kind = parseDocumentName(name)!.kind === "ledger" ? "arrays" : "maps";
      if (!areSame(replicas.map((replica) => contentOf(replica.document(name)!, kind))))
        return `document "${name}" differs`;
    }
    return undefined;
  }

  /** What holds when all has come to rest. */
  atRest(): void {
    this.inspect();
    for (const { host, running } of this.#scene.required()) {
      const replica = running!.member.replica(SHOW)!;
      const folds = [...replica.shards().values()].map(({ fold }) => fold);
      this.#check(
        "no chain forks",
        folds.every(({ forks }) => forks.length === 0),
        () => host,
      );
      this.#check(
        "no batch is damaged, none waits for ever",
        replica.damaged === 0 && folds.every(({ waiting }) => waiting === 0),
        () => host,
      );
      this.#checkBounds(replica, host);
      this.#checkAcknowledged(replica, host);
      this.#checkDeeds(replica, host);
      this.#checkReceivers(replica, host);
    }
    this.#checkEveryoneVotes();
  }

  #unrestOf({ member, edge }: Program): string | undefined {
    const replica = member.replica(SHOW);
    if (!replica || !member.isReady(replica)) return "is not ready";
    const { reasons = [] } = edge?.readiness() ?? {};
    if (reasons.length > 0) return `is not ready: ${reasons.join(", ")}`;
    const open = this.#scene.polls.find(({ id }) => !replica.board.final(id));
    if (open) return `has no final of ${open.id}, which waits for ${waitingFor(open.index, replica).join(", ")}`;
    const stray = replica.board.rosterBoots().find(({ boot, lost }) => !lost && !this.#scene.mayReturn(boot));
    if (stray) return `has ${stray.edge}/${stray.boot} on its roster`;
    return replica.unpruned > 0
      ? `has ${replica.unpruned} batches that are not pruned, held up by ${member.holdsUp(replica)}`
      : undefined;
  }

  #checkDocument(replica: Replica, name: string, boot: string, host: string): void {
    const doc = replica.document(name)!;
    const where = (): string => `"${name}" at ${host}`;
    const owner = this.#clients.get(doc.clientID) ?? boot;
    this.#clients.set(doc.clientID, owner);
    this.#check("a Yjs client belongs to one boot", owner === boot, where);
    this.#check("no update waits in a document for another", isSettled(doc), where);
    if (parseDocumentName(name)!.kind !== "ledger" || this.#scene.recorders > 1) return;
    for (const [client, clock] of Object.entries(replica.board.watermarks.deletable[name] ?? {}))
      this.#deletable.set(client, Math.max(this.#deletable.get(client) ?? 0, clock));
    for (const [client, ranges] of Y.createDeleteSetFromStructStore(doc.store).clients)
      for (const { clock, len } of ranges)
        this.#check("only what is recorded is deleted", clock + len <= (this.#deletable.get(`${client}`) ?? 0), where);
  }

  #checkRegister(edge: string, { boot, shards }: Register): void {
    for (const { coverage, polls } of Object.values(shards)) {
      const text = JSON.stringify({ edge, boot, coverage, polls });
      if (!this.#trueRegisters.has(text))
        this.#checkCounts("a register is true for its coverage", coverage, polls, () => text);
      this.#trueRegisters.add(text);
    }
  }

  /** Compares counts with the plain fold of the batches that they stand for. */
  #checkCounts(
    invariant: string,
    coverage: Final["cut"],
    counts: Readonly<Record<string, Final["counts"]>>,
    detail: () => string,
  ): void {
    const fold = this.#scene.truth.fold(coverage);
    this.#check(invariant, fold !== undefined, () => `never durable: some of ${JSON.stringify(coverage)}`);
    for (const [id, counted] of Object.entries(counts)) {
      const truly = fold?.counts(this.#poll(id));
      this.#check(
        invariant,
        isTrue(counted, truly),
        () => `${id} is ${JSON.stringify(counted)}, truly ${JSON.stringify(truly)}: ${detail()}`,
      );
    }
  }

  #checkFinals(replica: Replica, host: string): void {
    for (const { id } of this.#scene.polls) {
      const final = replica.board.final(id);
      const latched = this.#scene.latched.get(`${SHOW}/${id}`);
      this.#check(
        "a final is the same everywhere and for ever",
        !final || canonical(final) === canonical(latched),
        () => `${id} at ${host}`,
      );
    }
  }

  #checkBounds(replica: Replica, host: string): void {
    const boots = this.#clients.size;
    const { pruned } = replica.board.watermarks;
    for (const { ledger } of replica.shards().values()) {
      const tail = new Map([...ledger.batches()].map((bytes) => [identityOf(bytes), bytes]));
      const unpruned = [...tail.values()].filter(
        (bytes) => decodeHeader(bytes).sequence > (pruned[chainId(decodeHeader(bytes))] ?? 0),
      );
      const most = unpruned.reduce((sum, { length }) => sum + length, 0) + boots * LEDGER_BYTES_A_BOOT;
      const bytes = Y.encodeStateAsUpdate(ledger.doc).length;
      this.#check(
        "a ledger is its unpruned tail",
        bytes <= most && tail.size === unpruned.length,
        () => `${bytes} bytes, ${tail.size} batches, ${unpruned.length} unpruned, at ${host}`,
      );
    }
    for (const doc of [replica.tallies.doc, replica.board.doc]) {
      const values = [...doc.share.values()].reduce((sum, root) => sum + root._map.size, 0);
      const most = 2 * values + boots * STRUCTS_A_BOOT;
      this.#check(
        "tallies and board are bounded",
        structsOf(doc) <= most,
        () => `${structsOf(doc)} structs for ${values} values and ${boots} boots, at ${host}`,
      );
    }
  }

  /** Everything acknowledged is folded everywhere, and in the cut where there is a final; unless its edge was named lost. */
  #checkAcknowledged(replica: Replica, host: string): void {
    const coverage = replica.coverage();
    for (const { subject, attempts } of this.#scene.receivers)
      for (const receipt of attempts.flatMap(({ receipts }) => receipts)) {
        if (isLost(replica, receipt)) continue;
        const id = chainId(receipt);
        const cut = replica.board.final(receipt.poll)?.cut[id] ?? 0;
        const counts = coverage.of(id) >= receipt.sequence && cut >= receipt.sequence;
        this.#check(
          "no acknowledged ballot is lost",
          counts,
          () => `${subject} in ${receipt.poll}: ${id}/${receipt.sequence}, cut ${cut}, at ${host}`,
        );
      }
  }

  /** What producers were told stands, unless the disk that it was told by is gone. */
  #checkDeeds({ board }: Replica, host: string): void {
    for (const { action, target, boot } of this.#scene.deeds) {
      const [edge = "", lostBoot = ""] = target.split("/");
      const { armed, open, closing } = board.transitions(target);
      const stands = { arm: armed, open, close: closing, lost: board.lost(edge, lostBoot) }[action] !== undefined;
      this.#check(
        "no confirmed deed is lost",
        stands || !this.#scene.mayReturn(boot),
        () => `${action} ${target} at ${host}`,
      );
    }
  }

  /** Each receiver counts once a poll (and k), with the choice that its own books say. */
  #checkReceivers(replica: Replica, host: string): void {
    const key = this.#scene.keyOf(replica);
    const receivers = new Map(this.#scene.receivers.map((receiver) => [receiver.hexUnder(key), receiver]));
    for (const poll of this.#scene.polls) {
      const fold = this.#scene.truth.fold(replica.board.final(poll.id)!.cut)!;
      for (const vote of fold.choices.values())
        this.#check(
          "nobody but receivers counts",
          receivers.has(vote.receiver),
          () => `${vote.receiver} in ${poll.id} at ${host}`,
        );
      for (const [hex, receiver] of receivers)
        for (let k = 1; k <= poll.votes; k++) {
          const counted = fold.choices.get(`${poll.index}/${hex}/${k}`);
          const agrees = agreesWithBooks(receiver, poll, k, counted, (receipt) => isLost(replica, receipt));
          this.#check(
            "the right choice counts",
            agrees,
            () => `${receiver.subject}, ${poll.id}, k ${k}: ${JSON.stringify(counted)} at ${host}`,
          );
        }
    }
  }

  /** After healing every edge that is required has admitted ballots. */
  #checkEveryoneVotes(): void {
    const encore = this.#scene.polls[ENCORE];
    if (!encore) return;
    const receipts = this.#scene.receivers.flatMap(({ attempts }) => attempts.flatMap((attempt) => attempt.receipts));
    for (const { name, running, returnsLate } of this.#scene.required())
      this.#check(
        "every edge gets on",
        returnsLate || !running?.edge || receipts.some((one) => one.poll === encore.id && one.edge === name),
        () => name,
      );
  }

  #poll(id: string): Poll {
    return this.#scene.polls.find((poll) => poll.id === id)!;
  }

  #check(invariant: string, holds: boolean, detail: () => string): void {
    if (!holds) this.#scene.stage.violate(invariant, detail());
  }
}

function isLost(replica: Replica, { edge, boot }: Receipt): boolean {
  return replica.board.lost(edge, boot) !== undefined;
}

/** A poll of which nothing was folded has no counts yet. */
function isTrue(counted: Final["counts"], truly: Final["counts"] | undefined): boolean {
  if (truly === undefined) return false;
  return (
    canonical(counted) === canonical(truly) ||
    (counted.anonymous.length === 0 && [...truly.anonymous, ...truly.signed].every((count) => count === 0))
  );
}

function identityOf(bytes: Uint8Array): string {
  const batch = decodeBatch(bytes);
  return `${chainId(batch)}/${batch.sequence}`;
}

function areSame(values: readonly string[]): boolean {
  return values.every((value) => value === values[0]);
}
