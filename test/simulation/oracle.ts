import type { Poll } from "../../crdt/show.ts";
import type { Receipt } from "../../edge/receipt.ts";
import type { Receiver } from "./receiver.ts";
import { beats, type Ranked, type Vote } from "./truth.ts";

/**
 * Whether the ballot that counts for a receiver is one that its own books allow: one that it sent, and that is not
 * beaten by any that was acknowledged (by an edge that was not named lost).
 */
export function agreesWithBooks(
  receiver: Receiver,
  poll: Poll,
  k: number,
  counted: Vote | undefined,
  isLost: (receipt: Receipt) => boolean,
): boolean {
  const attempts = receiver.attempts.filter((attempt) => attempt.poll === poll.index && attempt.k === k);
  const acknowledged = attempts.flatMap(({ press, option, receipts }): Ranked[] =>
    receipts
      .filter((receipt) => !isLost(receipt))
      .map(({ time, edge }) => ({ press, option, time, edge, signed: receiver.signed })),
  );
  const best = acknowledged.reduce<Ranked | undefined>((a, b) => (a && !beats(poll, b, a) ? a : b), undefined);
  if (!counted) return best === undefined;
  const wasSent = attempts.some(({ press, option }) => press === counted.press && option === counted.option);
  return wasSent && (best === undefined || !beats(poll, best, counted));
}
