/** Counters of a program by name and labels, for Prometheus. */
export class Figures {
  readonly #prefix: string;
  readonly #counts = new Map<string, number>();

  /** `prefix`: of all names, e.g. "redbutton_dns". */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** `labels` as in the exposition format, e.g. `rcode="NOERROR"`; values are our own words or names of edges. */
  count(name: string, labels = ""): void {
    const key = labels === "" ? name : `${name}{${labels}}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  of(name: string, labels = ""): number {
    return this.#counts.get(labels === "" ? name : `${name}{${labels}}`) ?? 0;
  }

  text(): string {
    const lines = [...this.#counts].map(([key, value]) => `${this.#prefix}_${key} ${value}`).toSorted();
    return `${lines.join("\n")}\n`;
  }
}
