import { MemoryStore, type Fault, type MemoryDisk } from "../../crdt/store/memory.ts";
import type { StoreRecord } from "../../crdt/store/store.ts";

/** A store in memory that notes what it is asked to append, and fails as its test says. */
export class NotedStore extends MemoryStore {
  readonly appends: (readonly StoreRecord[])[] = [];
  fault: Fault | undefined;
  /** Appends wait for this, as for a slow disk. */
  gate: Promise<void> = Promise.resolve();

  constructor(disk?: MemoryDisk) {
    super(disk, () => this.fault);
  }

  /** Batches of a show that are in the log. */
  async logged(show: string): Promise<number> {
    const batches = this.batches(show);
    let count = 0;
    while (!(await batches.next()).done) count += 1;
    return count;
  }

  override async append(records: readonly StoreRecord[]): Promise<void> {
    this.appends.push(records);
    await this.gate;
    return super.append(records);
  }
}
