/** A show's documents, by the names they have on links and in rooms. */
export type DocumentName =
  | { readonly kind: "board"; readonly show: string }
  | { readonly kind: "tallies"; readonly show: string }
  | { readonly kind: "ledger"; readonly show: string; readonly shard: number };

/** Names of shows, polls, options and content: they stand in addresses, documents and rows. */
export const SLUG = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

export function boardName(show: string): string {
  return `${show}/board`;
}

export function talliesName(show: string): string {
  return `${show}/tallies`;
}

export function ledgerName(show: string, shard: number): string {
  return `${show}/ledger/${shard}`;
}

/** Undefined where `name` is none of the three. */
export function parseDocumentName(name: string): DocumentName | undefined {
  const [show = "", kind, shard, ...rest] = name.split("/");
  if (!SLUG.test(show) || rest.length > 0) return undefined;
  if ((kind === "board" || kind === "tallies") && shard === undefined) return { kind, show };
  if (kind === "ledger" && shard !== undefined && /^(0|[1-9]\d{0,4})$/.test(shard))
    return { kind, show, shard: Number(shard) };
  return undefined;
}
