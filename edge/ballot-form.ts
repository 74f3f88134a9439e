import { MAX_PRESS, MAX_VOTES } from "../crdt/ballot.ts";
import type { Refusal } from "./refusal.ts";
import { BallotBody, BallotMessage, check, MAX_MESSAGE_ID_CHARS, MAX_NAME_CHARS, parseJson } from "./schemas.ts";

/**
 * Reads ballots by the schemas, and the usual ones without them: interpreting a schema for each ballot is 3 % of what
 * an edge does for it. What is taken here must be what the schema takes; a property test holds the two together.
 */
export function readBallot(text: string): BallotBody | Refusal {
  const value = parseJson(text, DOING);
  if (!value.ok) return value.refusal;
  if (!isBallot(value.json)) return check(BallotBody, value.json, DOING);
  const { option, press, k = 1 } = value.json;
  return { option, press, k };
}

/** The same for a message on a WebSocket, parsed already. */
export function readBallotMessage(value: object): BallotMessage | Refusal {
  if (!isBallot(value) || !isAddressed(value)) return check(BallotMessage, value, DOING);
  const { type, id, poll, option, press, k = 1, level = "local" } = value;
  return { type, id, poll, option, press, k, level };
}

const DOING = "reading the ballot";

interface Ballot {
  readonly option: string;
  readonly press: number;
  readonly k?: number;
}

interface Addressed {
  readonly type: "ballot";
  readonly id: string;
  readonly poll: string;
  readonly level?: "local" | "peer";
}

function isBallot(value: unknown): value is Ballot {
  if (typeof value !== "object" || value === null) return false;
  const { option, press, k }: Partial<Record<keyof Ballot, unknown>> = value;
  return isText(option, MAX_NAME_CHARS) && isCount(press, MAX_PRESS) && (k === undefined || isCount(k, MAX_VOTES));
}

function isAddressed<T extends object>(value: T): value is T & Addressed {
  const { type, id, poll, level }: Partial<Record<keyof Addressed, unknown>> = value;
  if (type !== "ballot" || !isText(id, MAX_MESSAGE_ID_CHARS) || !isText(poll, MAX_NAME_CHARS)) return false;
  return level === undefined || level === "local" || level === "peer";
}

function isText(value: unknown, most: number): boolean {
  return typeof value === "string" && value.length <= most;
}

function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && typeof value === "number" && value >= 1 && value <= most;
}
