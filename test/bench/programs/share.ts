// Votes into a hocuspocus document, one Y.Map key a voter. Prints {"connected"}, waits for a line, votes, and prints a line of
// `Shared`.
import { OPTION_IDS } from "../support/ballots.ts";
import { asked, programArgs, tellParent } from "../support/program.ts";
import { SharedDocClient } from "../support/shared-doc-client.ts";

export interface ShareArgs {
  readonly port: number;
  readonly document: string;
  readonly votes: number;
  /** Keys; beyond as many votes their voters change their minds. */
  readonly voters: number;
  /** Connections that share them: as many as votes where each voter has its own. */
  readonly clients: number;
  /** Votes that wait for the server's answer at any moment. */
  readonly underWay: number;
}

export interface Shared {
  readonly votes: number;
  /** To and from the server, over all its clients. */
  readonly bytes: number;
}

const { port, document, votes, voters, clients: count, underWay } = programArgs<ShareArgs>();
const clients: SharedDocClient[] = [];
for (let i = 0; i < count; i++) {
  const client = new SharedDocClient(`ws://127.0.0.1:${port}`, document);
  await client.ready;
  clients.push(client);
}
tellParent({ connected: clients.length });
await asked<unknown>().next();
const before = bytes();
await vote();
// The last vote is still on its way to the others.
await new Promise((resolve) => setTimeout(resolve, 500));
tellParent({ votes, bytes: bytes() - before } satisfies Shared);
process.exit(0);

function vote(): Promise<void> {
  let [next, left] = [0, votes];
  const voteNext = (): void => {
    if (next === votes) return;
    const client = clients[next % clients.length]!;
    client.vote(
      `anonymous-${(next % voters).toString(32).padStart(26, "0")}`,
      OPTION_IDS[(next + Math.floor(next / voters)) % OPTION_IDS.length]!,
    );
    next += 1;
  };
  return new Promise((resolve) => {
    for (const client of clients)
      client.onacknowledged = () => {
        left -= 1;
        if (left === 0) resolve();
        else voteNext();
      };
    for (let i = 0; i < underWay; i++) voteNext();
  });
}

function bytes(): number {
  return clients.reduce((sum, { bytesIn, bytesOut }) => sum + bytesIn + bytesOut, 0);
}
