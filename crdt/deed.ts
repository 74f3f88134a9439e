/** Who released a poll's results, named a boot lost, armed a threshold, or has a cue. */
export interface Declaration {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
}

/** When a poll is to open by itself. May be changed until it has. */
export interface Schedule {
  /** Milliseconds since 1970. */
  readonly opensAt: number;
  /** Milliseconds that it is open; left out, until a producer closes it. */
  readonly openMs?: number;
  readonly by: string;
}

/** One deed of a producer. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
  readonly edge: string;
  readonly action: string;
  readonly target: string;
  readonly detail?: string;
}
