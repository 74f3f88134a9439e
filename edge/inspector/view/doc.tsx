import type { Report } from "../../../crdt/inspect/report.ts";
import type { DocData, DocEntry } from "../../../crdt/inspect/view/doc.ts";
import { Table } from "../table.tsx";
import { clock, grouped } from "../words.ts";

export function DocView({ report }: { readonly report: Report }) {
  const { document, entries, omitted, registers } = report.data as DocData;
  const rows = registers.map(({ edge, boot, shard, covered, present, polls }) => ({
    key: `${edge} ${shard}`,
    cells: [
      edge,
      <code>{boot.slice(0, 8)}</code>,
      shard,
      grouped(covered),
      grouped(present),
      Object.entries(polls)
        .map(
          ([poll, { anonymous, signed }]) =>
            `${poll} ${anonymous.map((count, i) => grouped(count + (signed[i] ?? 0))).join(" / ")}`,
        )
        .join(", "),
    ],
  }));
  return (
    <>
      {registers.length > 0 && (
        <Table
          caption="Registers beside each other"
          head={["edge", "boot", "shard", "batches covered", "present", "counts"]}
          rows={rows}
        />
      )}
      <EntriesTable caption={document} entries={entries} />
      {omitted > 0 && <p class="empty">{grouped(omitted)} more are not listed: search for what you want.</p>}
    </>
  );
}

export function EntriesTable({
  caption,
  entries,
}: {
  readonly caption: string;
  readonly entries: readonly DocEntry[];
}) {
  const rows = entries.flatMap(({ root, key, values, absentAt }) =>
    values.map(({ author, client, clock: at, at: since, bytes, members, value, hash }) => ({
      key: `${root} ${key} ${hash}`,
      cells: [
        <span>
          <small>{root}</small> {key}
        </span>,
        author ?? `client ${client}`,
        String(at),
        since === undefined ? "" : clock(since),
        grouped(bytes),
        values.length > 1 || absentAt.length > 0 ? <span class="state behind">only {members.join(", ")}</span> : "all",
        <Value value={value} />,
      ],
    })),
  );
  return <Table caption={caption} head={["key", "author", "clock", "since", "bytes", "at", "value"]} rows={rows} />;
}

function Value({ value }: { readonly value: unknown }) {
  if (value === undefined) return <small>bytes</small>;
  const text = JSON.stringify(value);
  if (text.length <= 60) return <code>{text}</code>;
  return (
    <details>
      <summary>
        <code>{text.slice(0, 59)}…</code>
      </summary>
      <pre>{JSON.stringify(value, undefined, 2)}</pre>
    </details>
  );
}
