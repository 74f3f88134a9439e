import { createClient, type InStatement } from "@libsql/client";
import { Database, type Connection } from "../../../crdt/store/libsql-database.ts";
import { migrate } from "../../../crdt/store/libsql-migrate.ts";
import { ORDER_MIGRATIONS } from "../../../monitor/orders/libsql-books.ts";
import type { Dice } from "../dice.ts";
import type { Life } from "../life.ts";
import type { Network } from "../network.ts";
import type { Stage } from "../stage.ts";

/** The database's server, for partitions. */
export const BOOKS = "books";
/** How long a request takes to the database, and back, ms. */
const REQUEST_MS = 5;
/** How long a request that nobody answers is waited for, ms. */
const TIMEOUT_MS = 1500;
/** Chance of an answer to be lost on its way: what was asked is committed. */
const LOST_ANSWERS = 0.01;

type Ask = <T>(request: (client: Connection) => Promise<T>) => Promise<T>;

/** A libSQL server: the engine itself in memory, behind a network that loses requests and answers. */
export class SimBooks {
  readonly #client = createClient({ url: ":memory:" });
  readonly #network: Network;
  readonly #dice: Dice;
  isAway = false;
  /** No answer is lost any more. */
  isCalm = false;

  /** With the tables of an order processor. */
  static async start(stage: Stage, network: Network): Promise<SimBooks> {
    const books = new SimBooks(stage, network);
    await migrate(books.direct(), "orders", ORDER_MIGRATIONS);
    return books;
  }

  private constructor(stage: Stage, network: Network) {
    this.#network = network;
    this.#dice = stage.dice(BOOKS);
  }

  /** Without a network, for those who judge. */
  direct(): Database {
    return new Database(this.#client, BOOKS);
  }

  /** As one processor's process reaches it. */
  of(life: Life): Database {
    return new Database(new Wire((request) => this.#ask(life, request)), BOOKS);
  }

  #ask<T>(life: Life, request: (client: Connection) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!life.reach("before asking the books")) return;
      const after = (ms: number, task: () => void) => life.stage.after(ms, () => life.run(task));
      life.stage.after(REQUEST_MS, () => {
        if (this.isAway || this.#network.isBlocked(life.host, BOOKS)) return fail(life, reject);
        request(this.#client).then(
          (answer) => {
            if (!this.isCalm && this.#dice.chance(LOST_ANSWERS)) {
              life.stage.saw("an answer of the books was lost");
              return fail(life, reject);
            }
            if (life.reach("after asking the books")) after(REQUEST_MS, () => resolve(answer));
          },
          (error: unknown) => after(REQUEST_MS, () => reject(error)),
        );
      });
    });
  }
}

function fail(life: Life, reject: (error: Error) => void): void {
  life.stage.saw("the books did not answer");
  life.stage.after(TIMEOUT_MS, () => life.run(() => reject(new Error("the database does not answer"))));
}

/** One process's client: one request at a time, as `openDatabase` has it. */
class Wire implements Connection {
  closed = false;
  readonly #ask: Ask;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  execute(statement: InStatement) {
    return this.#next((client) => client.execute(statement));
  }

  batch(statements: InStatement[]) {
    return this.#next((client) => client.batch(statements, "write"));
  }

  close(): void {
    this.closed = true;
  }

  #next<T>(request: (client: Connection) => Promise<T>): Promise<T> {
    const answer = this.#last.then(() => this.#ask(request));
    this.#last = answer.catch(() => {});
    return answer;
  }
}
