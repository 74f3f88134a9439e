import type { EdgeService, Health, ShowHealth } from "./service.ts";

/** What the application knows beside the edge's own health. */
export interface Connections {
  /** Receivers' WebSockets. */
  readonly receivers: number;
  /** Readers of documents. */
  readonly readers: number;
}

export function connectionsOf({ sessions, rooms }: ConnectionHolders): Connections {
  return { receivers: sessions.size, readers: rooms.readers };
}

/** Who holds WebSockets. */
interface ConnectionHolders {
  readonly sessions: { readonly size: number };
  readonly rooms: { readonly readers: number };
}

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Media type of Prometheus' text exposition format, 0.0.4. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** An edge's figures for Prometheus. Nothing counts by poll or option: results may be hidden. */
export function metricsText(edge: EdgeService, connections: Connections): string {
  const health = edge.health();
  const metrics = [...ofEdge(edge, health, connections), ...ofLinks(health), ...ofShows(health.shows)];
  return metrics.map(exposition).join("");
}

function ofEdge(edge: EdgeService, health: Health, connections: Connections): Metric[] {
  const { name, region, boot } = edge;
  return [
    gauge("info", "The edge itself.", [{ labels: { edge: name, region, boot }, value: 1 }]),
    gauge("ready", "Whether receivers may be sent here.", only(edge.readiness().ready ? 1 : 0)),
    gauge("clock_trusted", "Whether the edge trusts its clock.", only(health.clock.trusted ? 1 : 0)),
    gauge("clock_skew_ms", "How far the peers' clocks are ahead.", only(health.clock.skewMs)),
    counter("ballots_total", "Ballots made durable since boot.", only(health.ballots)),
    counter("flushes_total", "Writes of the log since boot.", only(health.flushes)),
    gauge("alarms", "What somebody has to look into: /healthz says what.", only(health.alarms.length)),
    gauge("receiver_sockets", "Open WebSockets of receivers.", only(connections.receivers)),
    gauge("reader_sockets", "Open WebSockets of readers.", only(connections.readers)),
  ];
}

function ofLinks({ links }: Health): Metric[] {
  const samples = (value: (link: Health["links"][number]) => number) =>
    links.map((link) => ({ labels: { peer: link.peer }, value: value(link) }));
  return [
    gauge(
      "link_open",
      "Whether the link to a peer is open.",
      samples((link) => (link.open ? 1 : 0)),
    ),
    gauge(
      "link_round_trip_ms",
      "Round trip to a peer.",
      samples((link) => link.roundTripMs),
    ),
    counter(
      "link_received_bytes_total",
      "Bytes that came over a link.",
      samples((link) => link.bytesIn),
    ),
    counter(
      "link_sent_bytes_total",
      "Bytes that went over a link.",
      samples((link) => link.bytesOut),
    ),
  ];
}

function ofShows(shows: readonly ShowHealth[]): Metric[] {
  const samples = (value: (show: ShowHealth) => number) =>
    shows.map((show) => ({ labels: { show: show.id }, value: value(show) }));
  const lags = shows.flatMap(({ id, lagMs }) =>
    Object.entries(lagMs).map(([peer, value]) => ({ labels: { show: id, peer }, value })),
  );
  return [
    gauge(
      "show_ready",
      "Whether the edge answers for the show.",
      samples((show) => (show.ready ? 1 : 0)),
    ),
    gauge(
      "show_receivers",
      "Receivers that retrieved the show's content.",
      samples((show) => show.receivers),
    ),
    gauge(
      "show_unpruned_batches",
      "Batches that are not recorded and pruned.",
      samples((show) => show.unprunedBatches),
    ),
    gauge(
      "show_waiting_batches",
      "Batches that wait for an earlier one.",
      samples((show) => show.waitingBatches),
    ),
    gauge(
      "show_forks",
      "Chains that two writers wrote to.",
      samples((show) => show.forks),
    ),
    gauge(
      "show_table_bytes",
      "Memory of the tables of choices.",
      samples((show) => show.tableBytes),
    ),
    gauge("show_lag_ms", "Time since a peer covered all that was written here.", lags),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `redbutton_${name}`, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `redbutton_${name}`, type: "counter", help, samples };
}

function only(value: number): Sample[] {
  return [{ labels: {}, value }];
}

function exposition({ name, type, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`);
  return lines.length === 0 ? "" : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join()}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
