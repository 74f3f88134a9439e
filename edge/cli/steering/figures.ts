/** Numbers of one name, by the value of its one label; "" where it has none. */
interface Counter {
  readonly label: string;
  readonly byValue: Map<string, number>;
}

/** Counters of a program, for Prometheus. Counting makes no new text: it happens several times a query. */
export class Figures {
  readonly #prefix: string;
  readonly #counters = new Map<string, Counter>();

  /** `prefix`: of all names, e.g. "redbutton_dns". */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** `label`: the same one for all of a name, e.g. "rcode"; values are our own words or names of edges. */
  count(name: string, label = "", value = ""): void {
    let counter = this.#counters.get(name);
    if (!counter) this.#counters.set(name, (counter = { label, byValue: new Map() }));
    counter.byValue.set(value, (counter.byValue.get(value) ?? 0) + 1);
  }

  of(name: string, value = ""): number {
    return this.#counters.get(name)?.byValue.get(value) ?? 0;
  }

  text(): string {
    const lines = [...this.#counters].flatMap(([name, { label, byValue }]) =>
      [...byValue].map(([value, count]) => {
        const labels = label === "" ? "" : `{${label}="${value}"}`;
        return `${this.#prefix}_${name}${labels} ${count}`;
      }),
    );
    return `${lines.toSorted().join("\n")}\n`;
  }
}
