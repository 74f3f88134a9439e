// Mutated DNS packets for the server, in chunks: no exception, no hang, and no answer longer than four times its query.
import * as packet from "dns-packet";
import { MAX_AMPLIFICATION } from "../../edge/cli/dns/packet.ts";
import { Dice } from "../simulation/dice.ts";
import { dnsScene, ZONE } from "./dns-scene.ts";

export interface FuzzReport {
  readonly packets: number;
  readonly answered: number;
  /** Answers that were no FORMERR: the mutation left a query. */
  readonly understood: number;
  /** Largest answer to its query. */
  readonly amplification: number;
  readonly slowestMs: number;
}

/** Feeds `count` packets that `seed` determines. Throws with the packet where something is wrong. */
export function fuzzDns(seed: number, count: number): FuzzReport {
  const dice = new Dice(seed);
  const { responder } = dnsScene();
  const report = { packets: count, answered: 0, understood: 0, amplification: 0, slowestMs: 0 };
  for (let i = 0; i < count; i++) {
    const bytes = mutated(dice);
    const started = performance.now();
    const reply = respondOrThrow(() => responder.respond(bytes, "203.0.113.9", "udp"), bytes);
    report.slowestMs = Math.max(report.slowestMs, performance.now() - started);
    if (!reply) continue;
    judge(bytes, reply);
    report.answered += 1;
    if ((reply[3]! & 15) !== 1) report.understood += 1;
    report.amplification = Math.max(report.amplification, reply.length / bytes.length);
  }
  return report;
}

function respondOrThrow(respond: () => Buffer | undefined, bytes: Buffer): Buffer | undefined {
  try {
    return respond();
  } catch (error) {
    throw new Error(`the packet ${bytes.toString("hex")} threw`, { cause: error });
  }
}

/** A reader of answers must be able to read it, it must be for that query, and it may not be too long. */
function judge(bytes: Buffer, reply: Buffer): void {
  const wrong = (what: string) => new Error(`${what}: query ${bytes.toString("hex")}, answer ${reply.toString("hex")}`);
  if (reply.length > MAX_AMPLIFICATION * bytes.length) throw wrong("the answer is too long");
  if (reply.readUInt16BE(0) !== bytes.readUInt16BE(0)) throw wrong("the answer has another number");
  if ((reply[2]! & 0x80) === 0) throw wrong("the answer is a query");
  try {
    packet.decode(reply);
  } catch (error) {
    throw wrong(`the answer cannot be read (${String(error)})`);
  }
}

const OPTIONS = [
  [8, 0, 7, 0, 1, 24, 0, 198, 51, 100],
  [8, 0, 10, 0, 2, 48, 0, 0x20, 1, 0xd, 0xb8, 0, 0x61],
  [10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8],
  [12, 0, 4, 0, 0, 0, 0],
];
const NAMES = [ZONE, `fra.edge.${ZONE}`, `1.final.show.${ZONE}`, `nope.${ZONE}`, "example.org", "."];
const TYPES: readonly packet.RecordType[] = ["A", "AAAA", "SOA", "NS", "TXT", "HINFO", "AXFR"];

function seedPacket(dice: Dice): Buffer {
  const [name, type] = [dice.pick(NAMES), dice.pick(TYPES)];
  const question = packet.encode({ type: "query", id: dice.below(65_536), questions: [{ name, type, class: "IN" }] });
  if (dice.chance(0.3)) return question;
  const options = OPTIONS.filter(() => dice.chance(0.4)).flatMap((option) => [0, ...option]);
  question.writeUInt16BE(1, 10);
  return Buffer.concat([question, Buffer.of(0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, options.length, ...options)]);
}

function mutated(dice: Dice): Buffer {
  let bytes = seedPacket(dice);
  for (let i = dice.between(0, 4); i > 0; i--) bytes = mutate(bytes, dice);
  return bytes;
}

function mutate(bytes: Buffer, dice: Dice): Buffer {
  const at = dice.below(bytes.length + 1);
  const noise = () => Buffer.from(Array.from({ length: dice.between(1, 12) }, () => dice.below(256)));
  const copy = Buffer.from(bytes);
  switch (dice.below(7)) {
    case 0: // One bit.
      if (at < copy.length) copy[at]! ^= 1 << dice.below(8);
      return copy;
    case 1: // One byte, with a liking for what means something.
      if (at < copy.length) copy[at] = dice.pick([0, 1, 0x3f, 0x40, 0xc0, 0xff, 41, dice.below(256)]);
      return copy;
    case 2: // Cut off.
      return copy.subarray(0, at);
    case 3: // Something more.
      return Buffer.concat([copy.subarray(0, at), noise(), copy.subarray(at)]);
    case 4: // Something less.
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + dice.between(1, 8))]);
    case 5: // A piece twice.
      return Buffer.concat([copy, copy.subarray(at, at + dice.between(1, 40))]);
    default: // A count in the header.
      if (copy.length >= 12) copy.writeUInt16BE(dice.pick([0, 1, 2, 255, 65_535]), 4 + 2 * dice.below(4));
      return copy;
  }
}
