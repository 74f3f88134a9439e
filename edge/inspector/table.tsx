import type { ComponentChildren } from "preact";

interface TableProps {
  readonly caption: string;
  readonly head: readonly string[];
  /** A first cell that heads its row, and the others; `class` marks a row. */
  readonly rows: readonly {
    readonly key: string;
    readonly class?: string;
    readonly cells: readonly ComponentChildren[];
  }[];
}

export function Table({ caption, head, rows }: TableProps) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, class: mark, cells: [first, ...rest] }) => (
            <tr key={key} class={mark}>
              <th scope="row">{first}</th>
              {rest.map((cell, i) => (
                <td
                  key={i}
                  class={typeof cell === "string" && /^[\d\u202f.,+-]+( ms)?$/.test(cell) ? "number" : undefined}
                >
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="empty">Nothing.</p>}
    </div>
  );
}
