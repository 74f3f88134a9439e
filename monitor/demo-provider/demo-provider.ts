import type { Clock } from "../../crdt/ports.ts";
import type { BookedCharge, Booking, Charge, Provider } from "../orders/provider.ts";
import type { DemoBooks, DemoEntry } from "./books.ts";

/** Every account's. */
export const DEMO_PIN = "1234";

/**
 * A payment provider for trying things out: it takes no money, and books whatever it is asked for as a real one would,
 * each reference once. It refuses a wrong PIN, and keeps nothing of who bought.
 */
export class DemoProvider implements Provider {
  readonly #books: DemoBooks;
  readonly #clock: Clock;

  constructor(books: DemoBooks, clock: Clock) {
    this.#books = books;
    this.#clock = clock;
  }

  async charge({ reference, show, product, quantity, amount, currency, pin = DEMO_PIN }: Charge): Promise<Booking> {
    const known = this.#books.find(reference);
    if (known) return bookingOf(known);
    const sale = { reference, show, product, quantity, amount, currency };
    return pin === DEMO_PIN
      ? this.#book({ ...sale, state: "charged" })
      : this.#book({ ...sale, state: "refused", reason: "pin-wrong" });
  }

  async find(reference: string): Promise<Booking> {
    const known = this.#books.find(reference);
    return known ? bookingOf(known) : { state: "absent" };
  }

  async refund(reference: string): Promise<Booking> {
    const known = this.#books.find(reference);
    if (!known) return this.#book({ ...NOTHING, reference, state: "refused", reason: "closed" });
    return known.state === "charged" ? this.#book({ ...known, state: "refunded" }) : bookingOf(known);
  }

  async list(show: string): Promise<readonly BookedCharge[]> {
    return this.#books.all().flatMap((entry) => {
      const { reference, state, amount, currency } = entry;
      return entry.show === show && state !== "refused" ? [{ reference, state, amount, currency }] : [];
    });
  }

  #book(entry: Omit<DemoEntry, "at">): Booking {
    const booked = { ...entry, at: this.#clock.now() };
    this.#books.book(booked);
    return bookingOf(booked);
  }
}

/** What a reference stands for that was closed before any charge came. */
const NOTHING = { show: "", product: "", quantity: 0, amount: 0, currency: "" } as const;

function bookingOf({ state, reason = "", amount, currency }: DemoEntry): Booking {
  return state === "refused" ? { state, reason } : { state, amount, currency };
}
