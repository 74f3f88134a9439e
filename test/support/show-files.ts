// Shows for tests with real processes.

/** A show with one poll, "best" of red, green and blue. */
export function aShow(id: string, poll: object = {}) {
  const options = ["red", "green", "blue"].map((name) => ({ id: name, text: name }));
  return { id, title: `Show ${id}`, polls: [{ id: "best", question: "Which?", options, grace_ms: 300, ...poll }] };
}

export const OPTIONS = ["red", "green", "blue"] as const;

const CANDIDATES = [
  { id: "anna", text: "Anna, the singer" },
  { id: "ben", text: "Ben, the juggler" },
  { id: "cleo", text: "Cleo, the magician" },
  { id: "dan", text: "Dan, the dancer" },
];

/** The poll of the talent final, "winner" of so many candidates. */
export function winnerOf(candidates: 2 | 3 | 4, poll: object = {}) {
  return { id: "winner", question: "Who shall win the final?", options: CANDIDATES.slice(0, candidates), ...poll };
}
