/** An edge's boot as the roster shows it. */
export interface RosterEntry {
  readonly edge: string;
  readonly boot: string;
  /** Drained: it has written its last, and results wait for nothing of it that is still to come. */
  readonly state: "live" | "draining" | "drained";
  readonly region: string;
  readonly shards: readonly number[];
  /** Address that receivers use. */
  readonly address: string;
  /** Where it stands, in degrees, if its operator said so. */
  readonly place?: { readonly latitude: number; readonly longitude: number };
  /** Milliseconds since 1970. */
  readonly since: number;
}
