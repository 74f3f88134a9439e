import type { Mode } from "../../../crdt/show.ts";
import { tallyRulesOf } from "../../../crdt/tally.ts";
import { deriveTokenKeys, type TokenKey } from "../../token.ts";
import { BooksWriter, Totals, type AudienceLine, type ReceiverLine } from "./books.ts";
import type { AudienceEdge, Carrier, Target } from "./carrier.ts";
import { Dice } from "./dice.ts";
import type { Finder } from "./finder.ts";
import { expectations } from "./expectation.ts";
import { HttpCarrier } from "./http-carrier.ts";
import { DEFAULT_SHARES, planReceiver, type PlannedPoll, type Shares } from "./plan.ts";
import { decide, DEFAULT_DEADLINE_MS, DEFAULT_TIMEOUT_MS, newReceiver } from "./receiver.ts";
import type { Action, Event, Receiver, Rules } from "./receiver.ts";
import { Ledger, type AudienceProgress, type AudienceReport, type Way } from "./report.ts";
import { Schedule } from "./schedule.ts";
import { WebSocketCarrier } from "./ws-carrier.ts";

/** A poll as the audience has to know it. */
export interface AudiencePoll {
  readonly id: string;
  readonly mode: Mode;
  readonly votes: number;
  /** Ids, in the poll's order. */
  readonly options: readonly string[];
}

export interface AudienceOptions {
  readonly edges: readonly AudienceEdge[];
  /** Finds each receiver's first edge; without it, they are spread evenly. */
  readonly finder?: Finder;
  /** The network's secret: the audience mints its tokens itself, so that no limit by address applies. */
  readonly secret: Uint8Array;
  readonly show: string;
  readonly poll: AudiencePoll;
  readonly receivers: number;
  /** Receivers a second that press for the first time; repeats and changes come on top. */
  readonly rate: number;
  /** The same seed gives the same receivers with the same intentions. */
  readonly seed: number;
  readonly shares?: Partial<Shares>;
  readonly timeoutMs?: number;
  readonly deadlineMs?: number;
  /** File that the books are written to. */
  readonly books?: string;
  readonly onprogress?: (progress: AudienceProgress) => void;
  /** Aborted: nobody comes any more, and those who are there finish. */
  readonly signal?: AbortSignal;
}

const PROGRESS_INTERVAL_MS = 250;
/** So that a slow schedule notices when it is stopped. */
const LONGEST_NAP_MS = 200;
const TOKEN_SECONDS = 86_400;
/** How a slow receiver pauses in the middle of what it sends, ms. */
const SLOW_PAUSE_MS = { least: 200, most: 1500 };

/** Lets simulated receivers vote until each of their presses is settled or its deadline has passed. */
export function runAudience(options: AudienceOptions): Promise<AudienceReport> {
  if (options.edges.length === 0) throw new Error("running an audience: got no edges, wanted at least one");
  return new Audience(options).run();
}

/** A receiver that has come and not yet gone. */
interface Guest {
  readonly subject: string;
  readonly token: string;
  readonly dice: Dice;
  readonly way: Way;
  receiver: Receiver;
  /** A WebSocket of its own, and the edge it leads to. */
  socket: { readonly edge: number; readonly carrier: Carrier } | undefined;
}

class Audience {
  readonly #options: AudienceOptions;
  readonly #target: Target;
  readonly #poll: PlannedPoll;
  readonly #shares: Shares;
  readonly #rules: Rules;
  readonly #key: TokenKey;
  readonly #http: readonly HttpCarrier[];
  readonly #schedule: Schedule;
  readonly #ledger = new Ledger();
  readonly #totals: Totals;
  readonly #books: BooksWriter | undefined;
  readonly #done = Promise.withResolvers<void>();
  #present = 0;
  #isAdmitting = true;
  #startedAt = 0;
  #endedAt = 0;
  #lateMs = 0;

  constructor(options: AudienceOptions) {
    const { show, poll, edges, seed, receivers, rate } = options;
    this.#options = options;
    this.#target = { show, poll: poll.id };
    this.#poll = tallyRulesOf(poll);
    this.#shares = { ...DEFAULT_SHARES, ...options.shares };
    this.#rules = {
      edges: edges.length,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    };
    this.#key = deriveTokenKeys(options.secret).receivers;
    this.#http = edges.map(({ address }) => new HttpCarrier(address, this.#target));
    this.#schedule = new Schedule(receivers, rate, new Dice(seed));
    this.#totals = new Totals(poll.options);
    if (options.books !== undefined) this.#books = new BooksWriter(options.books, headLine(options));
  }

  async run(): Promise<AudienceReport> {
    const cpuBefore = process.cpuUsage();
    this.#startedAt = this.#endedAt = performance.now();
    const progress = setInterval(() => this.#tellProgress(), PROGRESS_INTERVAL_MS);
    this.#admit();
    await this.#done.promise;
    clearInterval(progress);
    this.#tellProgress();
    for (const carrier of this.#http) carrier.close();
    await this.#books?.close(this.#totals.line());
    const { user, system } = process.cpuUsage(cpuBefore);
    return this.#report((user + system) / Math.max(1, this.#ledger.sent));
  }

  /** Lets in whoever is due, and comes back when the next one is. */
  #admit(): void {
    const now = performance.now() - this.#startedAt;
    let due = this.#schedule.nextAt;
    while (due !== undefined && due <= now && !this.#options.signal?.aborted) {
      this.#lateMs = Math.max(this.#lateMs, now - due);
      this.#enter(this.#schedule.take());
      due = this.#schedule.nextAt;
    }
    if (due !== undefined && !this.#options.signal?.aborted) {
      setTimeout(() => this.#admit(), Math.min(due - now, LONGEST_NAP_MS));
      return;
    }
    this.#isAdmitting = false;
    this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (!this.#isAdmitting && this.#present === 0) this.#done.resolve();
  }

  #enter(number: number): void {
    const { seed, edges } = this.#options;
    const planned = planReceiver(seed, number, this.#poll, edges.length, this.#shares);
    const plan = { ...planned, edge: this.#options.finder?.edgeOf(number) ?? planned.edge };
    const subject = `audience-${seed}-${number}`;
    const exp = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const guest: Guest = {
      subject,
      token: this.#key.sign({ sub: subject, exp, role: "receiver", anon: !plan.signed }),
      dice: Dice.for(seed + 1, number),
      way: plan.slow ? "slow" : plan.transport,
      receiver: newReceiver(plan),
      socket: undefined,
    };
    this.#present += 1;
    this.#tell(guest, { is: "due", now: performance.now() });
  }

  #tell(guest: Guest, event: Event): void {
    const { receiver, action, deeds } = decide(guest.receiver, event, this.#rules, guest.dice);
    guest.receiver = receiver;
    for (const deed of deeds) this.#ledger.did(deed, guest.way, guest.subject, this.#options.poll.options);
    this.#act(guest, action);
  }

  #act(guest: Guest, action: Action): void {
    switch (action.do) {
      case "sleep":
        setTimeout(() => this.#tell(guest, { is: "due", now: performance.now() }), action.ms);
        return;
      case "send":
        return this.#send(guest, action);
      case "finish":
        return this.#leave(guest);
    }
  }

  #send(guest: Guest, { edge, press, patienceMs }: Extract<Action, { do: "send" }>): void {
    const { number, option, k } = press;
    const sending = {
      token: guest.token,
      press: number,
      option: this.#options.poll.options[option]!,
      k,
      patienceMs,
      impatience: patienceMs < this.#rules.timeoutMs ? ("left" as const) : ("timeout" as const),
      pauseMs: guest.way === "slow" ? guest.dice.between(SLOW_PAUSE_MS.least, SLOW_PAUSE_MS.most) : 0,
    };
    this.#ledger.sent += 1;
    this.#carrierOf(guest, edge).send(sending, (answer) => {
      const now = performance.now();
      if (answer.is === "receipt") this.#endedAt = now;
      this.#ledger.heard(answer);
      this.#tell(guest, { is: "answered", now, answer });
    });
  }

  #carrierOf(guest: Guest, edge: number): Carrier {
    switch (guest.receiver.plan.transport) {
      case "http":
        return this.#http[edge]!;
      case "ws": {
        if (guest.socket?.edge === edge) return guest.socket.carrier;
        guest.socket?.carrier.close();
        const carrier = new WebSocketCarrier(this.#options.edges[edge]!.address, this.#target);
        guest.socket = { edge, carrier };
        return carrier;
      }
    }
  }

  #leave(guest: Guest): void {
    guest.socket?.carrier.close();
    const line = this.#lineOf(guest);
    this.#totals.add(line);
    this.#books?.add(line);
    this.#ledger.finished += 1;
    this.#present -= 1;
    this.#endIfEmpty();
  }

  #lineOf({ subject, receiver: { trail } }: Guest): ReceiverLine {
    const { id, mode, options } = this.#options.poll;
    return {
      kind: "receiver",
      receiver: subject,
      poll: id,
      presses: trail.flatMap(({ press, k, option, receipt }) => {
        if (!receipt) return [];
        const { shard, edge, boot, sequence } = receipt;
        return [{ press, k, option: options[option]!, shard, edge, boot, sequence }];
      }),
      expected: expectations(mode, trail).map((expected) => ({
        k: expected.k,
        options: expected.options.map((option) => (option === undefined ? null : options[option]!)),
      })),
    };
  }

  #tellProgress(): void {
    const { finished, acknowledged, unknown } = this.#ledger;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    this.#options.onprogress?.({
      receivers: this.#options.receivers,
      finished,
      acknowledged,
      unknown: unknown.length,
      seconds,
    });
  }

  #report(cpuMicros: number): AudienceReport {
    const { show, poll, seed, books } = this.#options;
    const seconds = (this.#endedAt - this.#startedAt) / 1000;
    const run = {
      show,
      poll: poll.id,
      mode: poll.mode,
      seed,
      seconds,
      lateMs: this.#lateMs,
      cpuMicros,
      booksFile: books,
    };
    return this.#ledger.report(run, this.#totals);
  }
}

function headLine({ show, poll, seed, edges }: AudienceOptions): AudienceLine {
  const { id, mode, options } = poll;
  const names = edges.map(({ name }) => name);
  return {
    kind: "audience",
    version: 1,
    show,
    poll: id,
    mode,
    options: [...options],
    seed,
    edges: names,
    started: Date.now(),
  };
}
