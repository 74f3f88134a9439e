// Shows for tests with real processes.

/** A show with one poll, "best" of red, green and blue. */
export function aShow(id: string, poll: object = {}) {
  const options = ["red", "green", "blue"].map((name) => ({ id: name, text: name }));
  return { id, title: `Show ${id}`, polls: [{ id: "best", question: "Which?", options, grace_ms: 300, ...poll }] };
}

export const OPTIONS = ["red", "green", "blue"] as const;
