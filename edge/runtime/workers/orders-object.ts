import type { MemberOptions } from "../../../crdt/member.ts";
import type { World } from "../../../crdt/ports.ts";
import { openObjectStore } from "../../../crdt/store/object.ts";
import type { Store } from "../../../crdt/store/store.ts";
import type { OpenedProcess } from "../host/opened-process.ts";
import type { Env } from "./env.ts";
import { ORDERS } from "./members.ts";
import { PacedStore } from "./paced-store.ts";
import { ProcessObject, type MonitorSettings, type ProcessLife } from "./process-object.ts";
import type { SellingSettings } from "./settings.ts";

/** The settings of a deployment that sells. */
export type OrdersSettings = MonitorSettings & { readonly selling: SellingSettings };

/**
 * The order processor as an object: its log is its own, its books are on the libSQL server. Asleep, it is woken by edges
 * where something is on offer, and by its alarm when an order is to be tried again, or books are to be compared.
 */
export abstract class OrdersProcess extends ProcessObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { self: ORDERS, needs: "LIBSQL_URL, PROVIDER_URL, PROVIDER_SECRET and ENVELOPE_KEYS" });
  }

  /** `log` is the object's own. */
  protected abstract openOrders(settings: OrdersSettings, log: Store): Promise<OpenedProcess>;

  protected override openProcess(settings: MonitorSettings, world: World): Promise<OpenedProcess> {
    const { selling } = settings;
    if (!selling) throw new Error("got no PROVIDER_URL, wanted the payment provider's address");
    return this.openOrders({ ...settings, selling }, new PacedStore(openObjectStore(this.ctx.storage), world));
  }

  protected override memberOptions(): Partial<MemberOptions> {
    // It writes outcomes in a chain of its own. Ballots it counts none of.
    return { tables: "none", onlost: (error) => this.ctx.abort(error.message) };
  }

  protected override async nextDue({ process }: ProcessLife): Promise<number | undefined> {
    return process.nextDue?.();
  }
}
