import type { Log } from "../ports.ts";
import type { Link } from "./link.ts";

/** Finds members under whose name more than one program runs. */
export class Twins {
  readonly #log: Log;
  /** Frames that had come over each link when it was last looked at. */
  #heard: ReadonlyMap<Link, number> = new Map();
  #names: ReadonlySet<string> = new Set();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Their names, as of the last look. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /**
   * To be called at each round with all open links: those of one name that all spoke within it are twins'. That of a
   * boot which was killed is silent, though it may look open.
   */
  look(links: readonly Link[]): void {
    const lively = links.filter((link) => link.counters.framesIn > (this.#heard.get(link) ?? Infinity));
    const names = lively.map((link) => link.peer!.name);
    const twins = new Set(names.filter((name, i) => names.indexOf(name) !== i));
    for (const peer of twins)
      if (!this.#names.has(peer)) this.#log("error", "two programs run under one name", { peer });
    this.#names = twins;
    this.#heard = new Map(links.map((link) => [link, link.counters.framesIn]));
  }
}
