/** What a provider has under a reference. */
export interface ProviderEntry {
  state: "charged" | "refunded" | "refused";
  readonly reason: string;
  readonly show: string;
  readonly amount: number;
  readonly currency: string;
}

/** Money that moved, with what was said of whose it is. */
export interface TakenCharge {
  readonly reference: string;
  readonly amount: number;
  readonly account: unknown;
  readonly details: unknown;
  readonly pin: unknown;
}

export interface ProviderRules {
  /** Charges that are refused, with the reason. */
  readonly refuses?: (charge: Record<string, unknown>) => string | undefined;
  /** What it takes; the amount that it was asked for where this is left out. */
  readonly takes?: (charge: Record<string, unknown>) => number;
  /** It knows its idempotency keys; false for one that books whatever comes, for tests that must fail. */
  readonly knowsKeys?: boolean;
}

/** A payment provider's own books: what docs/orders.md asks of it, and every time that money moved. */
export class ProviderBooks {
  /** By reference. */
  readonly entries = new Map<string, ProviderEntry>();
  readonly charges: TakenCharge[] = [];
  readonly refunds: string[] = [];
  readonly #rules: ProviderRules;

  constructor(rules: ProviderRules = {}) {
    this.#rules = rules;
  }

  /** Money that it has, all refunds taken off. */
  get taken(): number {
    return [...this.entries.values()].reduce((sum, { state, amount }) => sum + (state === "charged" ? amount : 0), 0);
  }

  /** A charge that is known is answered with its booking, and moves nothing. */
  charge(reference: string, body: Record<string, unknown>): ProviderEntry {
    const known = this.#rules.knowsKeys === false ? undefined : this.entries.get(reference);
    if (known) return known;
    const reason = this.#rules.refuses?.(body);
    const amount = this.#rules.takes?.(body) ?? Number(body["amount"]);
    const common = { show: String(body["show"]), amount, currency: String(body["currency"]) };
    const entry: ProviderEntry = {
      ...common,
      state: reason === undefined ? "charged" : "refused",
      reason: reason ?? "",
    };
    this.entries.set(reference, entry);
    const { account, details, pin } = body;
    if (reason === undefined) this.charges.push({ reference, amount, account, details, pin });
    return entry;
  }

  /** One that was never charged is closed. */
  refund(reference: string): ProviderEntry {
    const known = this.entries.get(reference);
    if (!known) {
      const closed: ProviderEntry = { state: "refused", reason: "closed", show: "", amount: 0, currency: "EUR" };
      this.entries.set(reference, closed);
      return closed;
    }
    if (known.state === "charged") {
      known.state = "refunded";
      this.refunds.push(reference);
    }
    return known;
  }

  /** The answer to a GET: a show's list, an entry, or 404. */
  read(path: string): { readonly status: number; readonly body: object } {
    const show = /\?show=(.*)$/.exec(path)?.[1];
    if (show !== undefined) return { status: 200, body: { charges: this.#list(decodeURIComponent(show)) } };
    const entry = this.entries.get(path.split("/").at(-1)!);
    return entry ? { status: 200, body: entry } : { status: 404, body: {} };
  }

  #list(show: string): object[] {
    return [...this.entries]
      .filter(([, entry]) => entry.show === show && entry.state !== "refused")
      .map(([reference, { state, amount, currency }]) => ({ reference, state, amount, currency }));
  }
}
