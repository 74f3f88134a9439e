// A process of one's own: `node docs/example-process.ts --config applause.json` writes a line for each further hundred
// votes in a poll, once, however often it is killed. Its configuration is a watcher's.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Replica } from "../crdt/replica.ts";
import { totals } from "../crdt/show.ts";
import { nodeDoor } from "../edge/runtime/node/door.ts";
import { runMember } from "../edge/runtime/host/run-member.ts";
import { onlyProcess } from "../edge/runtime/host/start-process.ts";
import { openOwnProcess } from "../monitor/host.ts";
import type { Change, Duty, DutyHealth } from "../monitor/process.ts";

class Applause implements Duty {
  readonly name = "applause";
  readonly #file: string;
  /** What was done before, also by an earlier boot. */
  readonly #done: Set<string>;

  constructor(file: string) {
    this.#file = file;
    this.#done = new Set(existsSync(file) ? readFileSync(file, "utf8").split("\n") : []);
  }

  /** Batches are durable here and folded when this is called. */
  onchange(replica: Replica, change: Change): void {
    if (change.kind === "batches") this.#look(replica);
  }

  /** After a start, and wherever nothing changes: what came while this program was away. */
  async round(replica: Replica): Promise<void> {
    this.#look(replica);
  }

  health(): DutyHealth {
    return { problems: [], waitsFor: [], figures: { hundreds: this.#done.size } };
  }

  #look(replica: Replica): void {
    for (const { id, index } of replica.board.polls()) {
      const votes = totals(replica.counts(index)).reduce((sum, count) => sum + count, 0);
      for (let hundred = 100; hundred <= votes; hundred += 100) this.#applaud(`${replica.show}/${id} ${hundred}`);
    }
  }

  /** The line is the deed and its record in one: it cannot be done without being known. */
  #applaud(deed: string): void {
    if (this.#done.has(deed)) return;
    appendFileSync(this.#file, `${deed}\n`, { flush: true });
    this.#done.add(deed);
  }
}

await runMember(
  nodeDoor,
  onlyProcess((config, surroundings) => {
    const file = config.store.url.replace(/^file:|\.db$/g, "") + ".txt";
    return openOwnProcess(config, () => [new Applause(file)], surroundings);
  }),
);
