import type { Member } from "../crdt/member.ts";
import { isSameShow, type Proposal } from "../crdt/proposal.ts";
import { SHOW_KEY_BYTES } from "../crdt/receiver.ts";
import type { Replica } from "../crdt/replica.ts";
import { Shop } from "../crdt/shop.ts";
import { StoreFull } from "../crdt/store/store.ts";
import type { EdgeShow } from "./edge-show.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { ShowDefinition } from "./service.ts";
import { wrapShowKey } from "./show-key.ts";

/** How long whoever creates a show waits for the recorder, ms: its round comes every half second, once it is awake. */
export const ESTABLISH_PATIENCE_MS = 8000;

/** Creates shows at one edge: proposes them, and waits until the recorder has established one of the proposals. */
export class Creation {
  readonly #member: Member;
  readonly #network: Uint8Array;
  readonly #showOf: (id: string) => EdgeShow | undefined;
  /** Show → who waits for it to be established. */
  readonly #creators = new Map<string, Set<(show: EdgeShow) => void>>();

  /** `network` is the network's secret; `showOf` finds what stands here already. */
  constructor(member: Member, network: Uint8Array, showOf: (id: string) => EdgeShow | undefined) {
    this.#member = member;
    this.#network = network;
    this.#showOf = showOf;
  }

  /** Resolves with the show once it stands for ever. */
  async create(definition: ShowDefinition, by: string): Promise<EdgeShow | Refusal> {
    const { id } = definition;
    if (this.#showOf(id)) return showExists(id);
    const replica = this.#member.adopt(id);
    if (!replica) return refuse("overloaded", "this network holds as many shows as it can");
    const proposal = this.#proposalOf(definition);
    const unwritten = await this.#propose(replica, proposal, by);
    if (unwritten) return unwritten;
    const show = await this.#untilEstablished(id);
    if (!show)
      return refuse("not_ready", `show "${id}" is proposed, and the recorder has not established it yet`, {
        retryAfterS: 1,
      });
    const products = new Shop(replica.board.doc).products();
    const stands = { show: show.definition, polls: replica.board.polls(), products };
    const isOurs = stands.show.wrappedKey === proposal.show.wrappedKey;
    return isOurs || isSameShow(stands, proposal) ? show : showExists(id);
  }

  /** To be called when a show stands here. */
  onshow(show: EdgeShow): void {
    for (const tell of this.#creators.get(show.definition.id) ?? []) tell(show);
  }

  #proposalOf({ polls, thresholds = [], products = [], ...show }: ShowDefinition): Proposal {
    const key = this.#member.world.random.bytes(SHOW_KEY_BYTES);
    const wrappedKey = wrapShowKey(key, this.#network, show.id);
    return {
      show: { ...show, created: this.#member.clock.now(), wrappedKey },
      polls: polls.map((poll, index) => ({ ...poll, index })),
      thresholds,
      ...(products.length > 0 ? { products } : {}),
    };
  }

  /** Without processes nobody decides, and the show stands at once. */
  async #propose(replica: Replica, proposal: Proposal, by: string): Promise<Refusal | undefined> {
    const { show, polls, thresholds, products } = proposal;
    const audit = { at: show.created, by, edge: this.#member.name, action: "create", target: show.id };
    try {
      await replica.change((board) => {
        if (this.#member.hasProcesses) board.propose(this.#member.name, this.#member.boot, proposal);
        else {
          new Shop(board.doc).addProducts(products);
          board.create(show, polls, thresholds);
        }
        board.addAudit(`${show.created}-${this.#member.boot}-0`, audit);
      });
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      return refuse("log_full", `show "${show.id}" is proposed and not in the edge's log: there is no room`, {
        retryAfterS: 2,
      });
    }
    return undefined;
  }

  /** The show once it stands here; undefined where it does not within `ESTABLISH_PATIENCE_MS`. */
  #untilEstablished(id: string): Promise<EdgeShow | undefined> {
    const standing = this.#showOf(id);
    if (standing) return Promise.resolve(standing);
    return new Promise((resolve) => {
      const waiting = this.#creators.get(id) ?? new Set();
      this.#creators.set(id, waiting);
      const tell = (show?: EdgeShow): void => {
        cancel();
        waiting.delete(tell);
        resolve(show);
      };
      const cancel = this.#member.world.timers.after(ESTABLISH_PATIENCE_MS, tell);
      waiting.add(tell);
    });
  }
}

function showExists(id: string): Refusal {
  return refuse("show_exists", `there is a show "${id}" already`);
}
