import type { ClockTrust } from "../../clock.ts";
import type { Member } from "../../member.ts";
import { pollState } from "../../poll.ts";
import type { Replica } from "../../replica.ts";

/** What only the program around a member knows. */
export interface Facts {
  /** The product's version. */
  readonly build: string;
  readonly runtime: string;
  /** Memory of the process, bytes; absent where the platform does not tell. */
  readonly memoryBytes?: number;
  /** WebSockets of receivers and of readers. */
  readonly receivers?: number;
  readonly readers?: number;
}

/** How one member is. */
export interface MemberStatus {
  readonly boot: string;
  readonly earlierBoots: number;
  readonly role: "edge" | "process";
  /** Milliseconds since 1970, by its own clock. */
  readonly startedAt: number;
  readonly now: number;
  readonly facts?: Facts;
  readonly clock: ClockTrust;
  readonly links: readonly { readonly peer: string; readonly open: boolean; readonly roundTripMs: number }[];
  /** Names under which two programs run. */
  readonly twins: readonly string[];
  /** Boots that the documents carry, where that are too many. */
  readonly crowded?: number;
  readonly written: { readonly ballots: number; readonly flushes: number };
  readonly shows: readonly ShowStatus[];
}

export interface ShowStatus {
  readonly id: string;
  readonly ready: boolean;
  readonly polls: readonly { readonly id: string; readonly state: string }[];
  /** Batches folded here, of all chains: the log's head. */
  readonly folded: number;
  /** Batches that the recorder has committed, and pruned, as the board says here. */
  readonly recorded: number;
  readonly pruned: number;
  /** Ballots that wait for the log; batches that wait for an earlier one. */
  readonly waitingBallots: number;
  readonly waitingBatches: number;
  readonly forks: number;
  readonly damaged: number;
  readonly tableBytes: number;
}

export function readStatus(member: Member, startedAt: number, facts: Facts | undefined): MemberStatus {
  const { boot, earlierBoots, permanent, backbone, world } = member;
  const { crowded, boots } = backbone.introductions;
  return {
    boot,
    earlierBoots: earlierBoots.length,
    role: member.role,
    startedAt,
    now: world.clock.now(),
    ...(facts ? { facts } : {}),
    clock: member.looksTrusted(),
    links: member.links().map(({ peer, open, roundTripMs }) => ({ peer, open, roundTripMs })),
    twins: [...member.twins()],
    ...(crowded ? { crowded: boots } : {}),
    written: permanent ? { ballots: 0, flushes: 0 } : member.written(),
    shows: [...member.replicas()].map((replica) => readShow(member, replica)),
  };
}

function readShow(member: Member, replica: Replica): ShowStatus {
  const { board } = replica;
  const folds = [...replica.shards().values()].map(({ fold }) => fold);
  const sum = (of: (fold: (typeof folds)[number]) => number) => folds.reduce((total, fold) => total + of(fold), 0);
  const now = member.world.clock.now();
  return {
    id: replica.show,
    ready: member.looksReady(replica),
    polls: board.polls().map((poll) => ({ id: poll.id, state: pollState(poll, board.transitions(poll.id), now) })),
    folded: sum((fold) => fold.coverage.sum),
    recorded: sumOf(board.watermarks.recorded),
    pruned: sumOf(board.watermarks.pruned),
    waitingBallots: replica.waiting,
    waitingBatches: sum((fold) => fold.waiting),
    forks: sum((fold) => fold.forks.length),
    damaged: replica.damaged,
    tableBytes: sum((fold) => fold.bytes),
  };
}

function sumOf(watermark: Readonly<Record<string, number>>): number {
  return Object.values(watermark).reduce((sum, sequence) => sum + sequence, 0);
}
