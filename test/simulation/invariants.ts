// What must hold in every run, each under its name. That all comes to rest at all is looked after in simulate.ts.
import * as Y from "yjs";
import { EVERY_POLL } from "../../crdt/ballot.ts";
import { chainId, decodeHeader } from "../../crdt/batch.ts";
import type { Watermark } from "../../crdt/coverage.ts";
import { parseDocumentName } from "../../crdt/documents.ts";
import { Ledger } from "../../crdt/ledger.ts";
import { HERE } from "../../crdt/origin.ts";
import type { Replica } from "../../crdt/replica.ts";
import type { Counts, Final, Poll } from "../../crdt/show.ts";
import type { Receipt } from "../../edge/receipt.ts";
import { isRefusal } from "../../edge/refusal.ts";
import { canonical, structsOf } from "./canonical.ts";
import type { Program } from "./machine.ts";
import { agreesWithBooks } from "./oracle.ts";
import { ENCORE } from "./plan.ts";
import { SHOW } from "./producer.ts";
import type { Attempt, Receiver } from "./receiver.ts";
import type { Scene } from "./scene.ts";
import { identityOf, isAbove, isTrue } from "./truth.ts";
import { isSettled } from "../support/documents.ts";

/** What a boot may leave in a ledger for ever, bytes. */
const LEDGER_BYTES_A_BOOT = 1024;
/** What a boot may leave in tallies or board beside its values, structs. */
const STRUCTS_A_BOOT = 8;

/** Longest time that an edge leaves another boot's register in the place of its own, ms: it looks every second. */
const REGISTER_HIDDEN_MS = 2500;

type CountsOfPolls = Readonly<Record<string, Counts>>;

export class Invariants {
  readonly #scene: Scene;
  /** Yjs client → the boot that writes under it. */
  readonly #clients = new Map<number, string>();
  /** The show as it was first seen to stand. */
  #show: string | undefined;
  /** Chain → poll → sequence of its seal. */
  readonly #sealed = new Map<string, Map<number, number>>();
  /** Yjs client → clock below which the recorder was ever heard to delete. */
  readonly #deletable = new Map<string, number>();
  /** Counts found true, with what they stand for. */
  readonly #true = new Set<string>();
  /** Boot → when the tallies last showed its register, or had a reason not to, ms. */
  readonly #hidden = new Map<string, number>();
  /** Receipt → boots of its edge's disk that its edge did not know to be lost. */
  readonly #standing = new Map<Receipt, readonly string[]>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** A program starts; of the shows in its log it will append again what its earlier boots wrote. */
  onbegin({ member, machine }: Program): void {
    for (const { board, shards } of [...member.replicas()].map(partsOf))
      for (const { ledger } of shards)
        ledger.doc.on("afterTransaction", (transaction: Y.Transaction) => {
          if (transaction.origin !== HERE) return;
          for (const { bytes } of Ledger.added(transaction))
            this.#check(
              "nothing comes back from below `pruned`",
              isAbove(bytes, board.watermarks.pruned),
              machine.host,
            );
        });
  }

  /** A batch became durable, for the first time anywhere or again. */
  onbatch(bytes: Uint8Array): void {
    const { sequence, ...chain } = decodeHeader(bytes);
    const id = chainId(chain);
    const { votes = [], seals } = this.#scene.truth.batch(id, sequence) ?? {};
    const sealed = this.#sealed.get(id) ?? new Map<number, number>();
    this.#sealed.set(id, sealed);
    const isAfter = votes.some(({ poll }) => sequence > (sealed.get(poll) ?? Infinity));
    this.#check("a sealed poll admits nothing", !isAfter, `${id}/${sequence}`);
    const isBeyond = sequence > (sealed.get(EVERY_POLL) ?? Infinity);
    this.#check("a chain that has ended goes on no more", !isBeyond, `${id}/${sequence}`);
    if (seals !== undefined && !sealed.has(seals)) sealed.set(seals, sequence);
  }

  /** An edge is about to answer for the show. */
  onadmission({ member, machine, life }: Program): void {
    const replica = member.replica(SHOW)!;
    const isReady = life.wasLinked && replica.coverage().covers(replica.board.watermarks.pruned);
    this.#check("no unready replica answers", isReady, machine.host);
  }

  /** An edge gives a receipt, whether anyone hears it or not. */
  onreceipt(receipt: Receipt, attempt: Attempt, receiver: Receiver, { member, machine }: Program): void {
    const { truth, keyOf } = this.#scene;
    const replica = member.replica(SHOW)!;
    const id = chainId(receipt);
    const hosts = truth.hostsOf(id, receipt.sequence);
    const { votes = [] } = truth.batch(id, receipt.sequence) ?? {};
    const wanted = canonical([
      receiver.hexUnder(keyOf(replica)),
      attempt.poll,
      attempt.k,
      attempt.press,
      attempt.option,
    ]);
    const isThere = votes.some(
      (vote) => canonical([vote.receiver, vote.poll, vote.k, vote.press, vote.option]) === wanted,
    );
    const where = `${id}/${receipt.sequence}, ${receiver.subject}`;
    this.#check("what is acknowledged is on the edge's disk", isThere && hosts.has(machine.host), where);
    this.#check("level peer is on a second disk", receipt.level === "local" || hosts.size >= 2, where);
    const boots = [member.boot, ...member.earlierBoots];
    this.#standing.set(
      receipt,
      boots.filter((boot) => replica.board.lost(member.name, boot) === undefined),
    );
  }

  /** The first final of a poll is latched. */
  onfinal({ poll, counts, cut }: Final): void {
    this.#checkCounts("a final is the fold of exactly its cut", cut, { [poll]: counts }, "latched");
  }

  /** What holds at any time. */
  inspect(): void {
    for (const { member, machine } of this.#scene.running()) {
      const replica = member.replica(SHOW);
      if (!replica || replica.shards().size === 0) continue;
      for (const name of replica.documents()) this.#checkDocument(replica, name, member.boot, machine.host);
      this.#checkRegisters(replica, machine.host);
      this.#checkFinals(replica, machine.host);
    }
  }

  /** What shows for moments only. */
  ask(): void {
    for (const program of this.#scene.running()) {
      const { member, machine, edge } = program;
      const replica = member.replica(SHOW);
      if (replica?.board.show) this.#checkShow(replica, machine.host);
      if (!edge || !replica) continue;
      if (replica.shards().size === 1) this.#checkAnswers(replica, edge, machine.host);
      this.#checkShown(replica, program);
    }
  }

  /** What holds when all has come to rest. */
  atRest(): void {
    this.inspect();
    for (const { host, running } of this.#scene.required()) {
      const replica = running!.member.replica(SHOW)!;
      const folds = partsOf(replica).shards.map(({ fold }) => fold);
      this.#check("no chain forks", !folds.some(({ forks }) => forks.length > 0), host);
      this.#check("no batch is damaged", replica.damaged === 0, host);
      this.#check("no batch waits for ever", !folds.some(({ waiting }) => waiting > 0), host);
      this.#checkBounds(replica, host);
      this.#checkAcknowledged(replica, host);
      this.#checkDeeds(replica, host);
      this.#checkReceivers(replica, host);
    }
    this.#checkEveryoneVotes();
  }

  #checkDocument(replica: Replica, name: string, boot: string, host: string): void {
    const doc = replica.document(name)!;
    const where = `"${name}" at ${host}`;
    const owner = this.#clients.get(doc.clientID) ?? boot;
    this.#clients.set(doc.clientID, owner);
    this.#check("a Yjs client belongs to one boot", owner === boot, where);
    this.#check("no update waits in a document for another", isSettled(doc), where);
    if (parseDocumentName(name)!.kind !== "ledger" || this.#scene.recorders > 1) return;
    for (const [client, clock] of Object.entries(replica.board.watermarks.deletable[name] ?? {}))
      this.#deletable.set(client, Math.max(this.#deletable.get(client) ?? 0, clock));
    for (const [client, ranges] of Y.createDeleteSetFromStructStore(doc.store).clients) {
      const end = Math.max(...ranges.map(({ clock, len }) => clock + len));
      this.#check("only what is recorded is deleted", end <= (this.#deletable.get(`${client}`) ?? 0), where);
    }
  }

  #checkShow({ board }: Replica, host: string): void {
    const stands = canonical([board.show, board.polls()]);
    this.#show ??= stands;
    this.#check("a show is the same everywhere and for ever", stands === this.#show, host);
  }

  #checkRegisters(replica: Replica, host: string): void {
    const sections = [...replica.tallies.registers().values()].flatMap(({ shards }) => Object.values(shards));
    for (const { coverage, polls } of sections)
      this.#checkCounts("a register is true for its coverage", coverage, polls, host);
    const open = this.#scene.polls.filter(({ id }) => !replica.board.final(id));
    const counts = Object.fromEntries(open.map(({ id, index }) => [id, replica.counts(index)]));
    this.#checkCounts("counts equal a refold", replica.coverage().toJSON(), counts, host);
  }

  /** Compares counts with the plain fold of the batches that they stand for. */
  #checkCounts(invariant: string, coverage: Watermark, counts: CountsOfPolls, where: string): void {
    const text = JSON.stringify({ coverage, counts });
    if (this.#true.has(text)) return;
    this.#true.add(text);
    const fold = this.#scene.truth.fold(coverage);
    for (const [id, counted] of Object.entries(counts)) {
      const truly = fold?.counts(this.#poll(id));
      const detail = `${id} is ${JSON.stringify(counted)}, truly ${JSON.stringify(truly)}, at ${where}: ${text}`;
      this.#check(invariant, truly !== undefined && isTrue(counted, truly), detail);
    }
  }

  /** What an edge says of a poll is true for what some register covers, or it is the final. */
  #checkAnswers(replica: Replica, edge: NonNullable<Program["edge"]>, host: string): void {
    const show = edge.show(SHOW);
    if (isRefusal(show)) return;
    const registers = [replica.register(), ...replica.tallies.registers().values()];
    const coverages = registers.map(({ shards }) => shards["0"]!.coverage);
    for (const poll of this.#scene.polls) {
      const said = show.counts(poll.id) as Counts;
      const final = replica.board.final(poll.id)?.counts;
      const text = JSON.stringify({ poll: poll.id, said, final, coverages });
      if (this.#true.has(text)) continue;
      this.#true.add(text);
      const truths = final ? [final] : coverages.map((coverage) => this.#scene.truth.fold(coverage)!.counts(poll));
      const isSo = truths.some((truly) => isTrue(said, truly));
      this.#check("an edge answers what is true", isSo, `at ${host}, truly one of ${JSON.stringify(truths)}: ${text}`);
    }
  }

  /** Of two programs under one name each hides the other's register, and so may one that is gone. */
  #checkShown(replica: Replica, { member, life, machine }: Program): void {
    const { now } = this.#scene.stage;
    const others = this.#scene.running().filter((other) => other.member !== member);
    const hasTwin = others.some((other) => other.member.name === member.name);
    const isWell = hasTwin || life.frozen || !member.isReady(replica) || !replica.isRegisterHidden;
    if (isWell) this.#hidden.set(member.boot, now);
    const forMs = now - (this.#hidden.get(member.boot) ?? now);
    this.#check("an edge's register is hidden for a moment only", forMs <= REGISTER_HIDDEN_MS, machine.host);
  }

  #checkFinals({ board }: Replica, host: string): void {
    for (const { id } of this.#scene.polls) {
      const final = board.final(id);
      const isLatched = canonical(final) === canonical(this.#scene.latched.get(`${SHOW}/${id}`));
      this.#check("a final is the same everywhere and for ever", !final || isLatched, `${id} at ${host}`);
    }
  }

  #checkBounds(replica: Replica, host: string): void {
    const boots = this.#clients.size;
    const { board, shards } = partsOf(replica);
    for (const { ledger } of this.#scene.recorders > 1 ? [] : shards) {
      const held = [...ledger.batches()];
      const tail = new Map(
        held.filter((bytes) => isAbove(bytes, board.watermarks.pruned)).map((bytes) => [identityOf(bytes), bytes]),
      );
      const most = [...tail.values()].reduce((sum, { length }) => sum + length, boots * LEDGER_BYTES_A_BOOT);
      const bytes = Y.encodeStateAsUpdate(ledger.doc).length;
      const isTail = bytes <= most && held.every((batch) => tail.has(identityOf(batch)));
      this.#check("a ledger is its unpruned tail", isTail, `${bytes} bytes, ${held.length} batches at ${host}`);
    }
    for (const doc of [replica.tallies.doc, replica.board.doc]) {
      const values = [...doc.share.values()].reduce((sum, root) => sum + root._map.size, 0);
      const detail = `${structsOf(doc)} structs for ${values} values and ${boots} boots, at ${host}`;
      this.#check("tallies and board are bounded", structsOf(doc) <= 2 * values + boots * STRUCTS_A_BOOT, detail);
    }
  }

  /** Everything acknowledged is folded everywhere, and in the cut where there is a final; unless its edge was named lost. */
  #checkAcknowledged(replica: Replica, host: string): void {
    const coverage = replica.coverage();
    for (const { subject, attempts } of this.#scene.receivers)
      for (const receipt of attempts.flatMap(({ receipts }) => receipts)) {
        const id = chainId(receipt);
        const cut = replica.board.final(receipt.poll)?.cut[id] ?? 0;
        const counts = Math.min(coverage.of(id), cut) >= receipt.sequence;
        const detail = `${subject} in ${receipt.poll}: ${id}/${receipt.sequence}, cut ${cut}, at ${host}`;
        this.#check("no acknowledged ballot is lost", counts || this.#isLost(replica, receipt), detail);
      }
  }

  /** What producers were told stands, unless the disk that it was told by is gone. */
  #checkDeeds({ board }: Replica, host: string): void {
    for (const { action, target, boot } of this.#scene.deeds) {
      const [edge = "", lostBoot = ""] = target.split("/");
      const { armed, open, closing } = board.transitions(target);
      const stands = { arm: armed, open, close: closing, lost: board.lost(edge, lostBoot) }[action] !== undefined;
      const mayBeGone = !this.#scene.mayReturn(boot);
      this.#check("no confirmed deed is lost", stands || mayBeGone, `${action} ${target} at ${host}`);
    }
  }

  /** Each receiver counts once a poll (and k), with the choice that its own books say. */
  #checkReceivers(replica: Replica, host: string): void {
    const key = this.#scene.keyOf(replica);
    const receivers = new Map(this.#scene.receivers.map((receiver) => [receiver.hexUnder(key), receiver]));
    for (const poll of this.#scene.polls) {
      const { choices } = this.#scene.truth.fold(replica.board.final(poll.id)!.cut)!;
      const stranger = [...choices.values()].find((vote) => !receivers.has(vote.receiver));
      this.#check("nobody but receivers counts", !stranger, `${stranger?.receiver} in ${poll.id} at ${host}`);
      for (const [hex, receiver] of receivers)
        for (let k = 1; k <= poll.votes; k++) {
          const counted = choices.get(`${poll.index}/${hex}/${k}`);
          const agrees = agreesWithBooks(receiver, poll, k, counted, (receipt) => this.#isLost(replica, receipt));
          const detail = `${receiver.subject}, ${poll.id}, k ${k}: ${JSON.stringify(counted)} at ${host}`;
          this.#check("the right choice counts", agrees, detail);
        }
    }
  }

  /** After healing every edge that is required has admitted ballots. */
  #checkEveryoneVotes(): void {
    const encore = this.#scene.polls[ENCORE];
    if (!encore) return;
    const receipts = this.#scene.receivers.flatMap(({ attempts }) => attempts.flatMap((attempt) => attempt.receipts));
    const voted = new Set(receipts.filter(({ poll }) => poll === encore.id).map(({ edge }) => edge));
    for (const { name, running, returnsLate } of this.#scene.required())
      this.#check("every edge gets on", returnsLate || !running?.edge || voted.has(name), name);
  }

  /** Its boot was named lost; or one before it, which results waited for in its place, and its edge did not know. */
  #isLost({ board }: Replica, receipt: Receipt): boolean {
    const standing = this.#standing.get(receipt) ?? [];
    return [receipt.boot, ...standing].some((boot) => board.lost(receipt.edge, boot) !== undefined);
  }

  #poll(id: string): Poll {
    return this.#scene.polls.find((poll) => poll.id === id)!;
  }

  #check(invariant: string, holds: boolean, detail: string): void {
    if (!holds) this.#scene.stage.violate(invariant, detail);
  }
}

function partsOf(replica: Replica) {
  return { board: replica.board, shards: [...replica.shards().values()] };
}
