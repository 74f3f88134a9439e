import type { Journal } from "../journal.ts";
import type { World } from "../ports.ts";
import {
  introduce,
  MAX_BOOTS,
  readIntroduction,
  type Admission,
  type Identity,
  type Introduction,
  type Introductions,
  type KeyOf,
} from "./introduction.ts";

/** Boots that operators are told of by name, of those that were turned away. */
export const MAX_TURNED_AWAY = 16;

export interface ReceptionOptions {
  readonly identity: Identity;
  readonly boot: string;
  /** The Yjs client under which this boot writes. */
  readonly client: number;
  readonly keyOf: KeyOf;
  readonly introductions: Introductions;
  readonly journal: Journal;
  readonly world: World;
  /** Whether some document here has anything of this Yjs client: whoever is sent that has to know whose it is. */
  readonly isHeld: (client: number) => boolean;
  /** This boot has to end. */
  readonly end: (reason: string) => void;
}

/**
 * Takes introductions in, and into the log: of other boots, and of this one. Where there are too many, a new one takes
 * the place of the oldest of which no document here has anything; where all have left something, it is turned away, and
 * operators are told.
 */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #turnedAway = new Set<string>();
  /** Boot → the one that it took the place of, until the log has both. */
  readonly #places = new Map<string, string>();
  /**
   * Whether this boot has said whose its Yjs client is: "unlogged" while the log has no room for it, "turned away" while
   * there is none among the boots.
   */
  #own: "unsaid" | "said" | "unlogged" | "turned away" = "unsaid";

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** Boots, `member/boot`, of which nothing is taken since the documents here hold something of `MAX_BOOTS` others. */
  get turnedAway(): ReadonlySet<string> {
    return this.#turnedAway;
  }

  /** Whether this boot introduced itself in vain, and has to try again. */
  get isOverdue(): boolean {
    return this.#own === "unlogged" || this.#own === "turned away";
  }

  /** Whether this boot's first write is still to come, or has found no room in the log. */
  get isUnsaid(): boolean {
    return this.#own === "unsaid" || this.#own === "unlogged";
  }

  /** Learns whose a boot's Yjs clients are, and keeps that; false where nothing was learnt. */
  receive(bytes: Uint8Array): boolean {
    const { introductions, keyOf } = this.#options;
    const introduction = readIntroduction(bytes, keyOf);
    if ("error" in introduction) {
      // Of a member that has left the configuration since: nothing of it is needed any more.
      this.#log("debug", "introduction not taken", { error: introduction.error });
      return false;
    }
    if (this.#admit(introduction, bytes) !== "added") return false;
    if (introductions.crowded) this.#log("warn", "many boots", { boots: introductions.boots });
    // Not logged, it is heard again with the next link.
    this.#keep(introduction, bytes).catch((error: unknown) => this.#warnUnlogged(error));
    return true;
  }

  /**
   * Says whose this boot's Yjs client is, before its first update: a boot that only reads costs nobody anything. The
   * introduction that others are to be told; undefined where there is no room for it.
   */
  introduceSelf(): Uint8Array | undefined {
    const { identity, boot, client, end } = this.#options;
    const { member, role } = identity;
    const bytes = introduce(identity, boot, [client]);
    const introduction = { member, role, boot, clients: [client] };
    const admission = this.#admit(introduction, bytes);
    this.#own = admission === "full" ? "turned away" : "said";
    if (admission === "claimed") end(`the Yjs client ${client} of this boot is another's`);
    if (admission === "full" || admission === "claimed") return undefined;
    // Here, too, and before what it introduces: a board in the log whose writer nobody knows is refused for ever.
    this.#keep(introduction, bytes).catch((error: unknown) => {
      this.#own = "unlogged";
      this.#warnUnlogged(error);
    });
    return bytes;
  }

  #admit(introduction: Introduction, bytes: Uint8Array): Admission {
    const { introductions, isHeld } = this.#options;
    const admission = introductions.add(introduction, bytes);
    const forgotten = admission === "full" ? introductions.makeRoom(isHeld) : undefined;
    if (forgotten === undefined) return this.#noted(introduction, admission);
    this.#places.set(introduction.boot, forgotten);
    return this.#noted(introduction, introductions.add(introduction, bytes));
  }

  async #keep({ member, boot }: Introduction, bytes: Uint8Array): Promise<void> {
    const inPlaceOf = this.#places.get(boot);
    const place = inPlaceOf === undefined ? {} : { inPlaceOf };
    await this.#options.journal.append([{ kind: "introduction", member, boot, bytes, ...place }]);
    this.#places.delete(boot);
  }

  #noted({ member, boot }: Introduction, admission: Admission): Admission {
    const id = `${member}/${boot}`;
    if (admission !== "full") this.#turnedAway.delete(id);
    else if (!this.#turnedAway.has(id) && this.#turnedAway.size < MAX_TURNED_AWAY) {
      this.#turnedAway.add(id);
      this.#log("error", "a boot is turned away: the documents hold too many", { member, boot, most: MAX_BOOTS });
    }
    return admission;
  }

  #warnUnlogged(error: unknown): void {
    this.#log("warn", "introduction not logged", { error: String(error) });
  }

  #log(...line: Parameters<World["log"]>): void {
    this.#options.world.log(...line);
  }
}
