import type { Receipt } from "../../edge/receipt.ts";
import type { Refusal } from "../../edge/refusal.ts";
import type { BallotRequest, ShowService } from "../../edge/service.ts";

/** What becomes of a ballot; rejects with the edge's own mistake. */
export function answerOf(votes: Pick<ShowService, "vote">, ballot: BallotRequest): Promise<Receipt | Refusal> {
  return new Promise((resolve, reject) => {
    votes.vote(ballot, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
  });
}
