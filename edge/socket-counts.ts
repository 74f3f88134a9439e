/**
 * Sockets that a receiver may have at an edge: a few tabs, and those of its earlier connections whose end nobody has
 * noticed yet. One token would otherwise take an edge's memory, some 10 kB a socket.
 */
export const MAX_SOCKETS_PER_RECEIVER = 8;

/** How many sockets each receiver has. */
export class SocketCounts {
  readonly #open = new Map<string, number>();

  /** Notes one more; false where the receiver has as many as it may. */
  add(subject: string): boolean {
    const open = this.#open.get(subject) ?? 0;
    if (open >= MAX_SOCKETS_PER_RECEIVER) return false;
    this.#open.set(subject, open + 1);
    return true;
  }

  delete(subject: string): void {
    const open = this.#open.get(subject) ?? 0;
    if (open > 1) this.#open.set(subject, open - 1);
    else this.#open.delete(subject);
  }
}
