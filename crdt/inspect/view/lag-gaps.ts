import { parseChainId } from "../../batch.ts";
import type { Answer } from "../inspector.ts";
import type { MemberStates } from "../read/states.ts";
import type { Message } from "../report.ts";

/** Something that came without what goes before it. */
export interface NamedGap {
  readonly document: string;
  readonly member: string;
  /** Whose: "fra/boot", or the Yjs client where nobody has introduced it. */
  readonly of: string;
  /** Missing: from `next` to before `from`, sequences of a ledger's chain or clocks of a Yjs client. */
  readonly next: number;
  readonly from: number;
  readonly holders: readonly string[];
  readonly since?: number;
}

/** What came to a member without what goes before it, each with who has that. */
export function gapsOf({ member, reading, offsetMs }: Answer<MemberStates>, answers: readonly Answer<MemberStates>[]) {
  const holdersOf = (holds: (states: MemberStates) => boolean) =>
    answers
      .filter((other) => other.member !== member && other.reading && holds(other.reading))
      .map((other) => other.member);
  const documents = (reading?.documents ?? []).flatMap(({ document, gaps, owners }) =>
    gaps.map(({ client, next, from, at }): NamedGap => ({
      document,
      member,
      of: owners[client] ?? ownerOf(client, answers) ?? `client ${client}`,
      next,
      from,
      holders: holdersOf(
        (states) => (states.documents.find((each) => each.document === document)?.vector[client] ?? 0) > next,
      ),
      ...(at === undefined ? {} : { since: at - offsetMs }),
    })),
  );
  const chains = (reading?.holes ?? []).map(({ chain, next, from }): NamedGap => {
    const { shard, edge, boot } = parseChainId(chain);
    const document = documentOfShard(shard, answers);
    return {
      document,
      member,
      of: `${edge}/${boot}`,
      next,
      from,
      holders: holdersOf((states) => (states.coverage[chain] ?? 0) >= next),
    };
  });
  return [...documents, ...chains];
}

function ownerOf(client: number, answers: readonly Answer<MemberStates>[]): string | undefined {
  for (const { reading } of answers)
    for (const { owners } of reading?.documents ?? []) if (owners[client] !== undefined) return owners[client];
  return undefined;
}

function documentOfShard(shard: number, answers: readonly Answer<MemberStates>[]): string {
  const names = answers.flatMap(({ reading }) => reading?.documents.map((each) => each.document) ?? []);
  return names.find((name) => name.endsWith(`/ledger/${shard}`)) ?? `ledger/${shard}`;
}

export function gapMessage({ document, member, of, next, from, holders }: NamedGap): Message {
  const missing = from - next === 1 ? `${next}` : `${next} to ${from - 1}`;
  const whose =
    holders.length > 0 ? `${holders.map((name) => `"${name}"`).join(", ")} has it` : "nobody who answers has it";
  return {
    code: "gap",
    severity: "error",
    text: `GAP: "${member}" misses ${missing} of ${of} in "${document}" and got ${from}; ${whose}`,
    fix:
      holders.length > 0
        ? `It heals when "${member}" has a link with one that has it.`
        : "Start the member that wrote it: its log holds it.",
  };
}
