/** The show that `up` creates where there is none: what the README's five minutes go through. */
export const SAMPLE_SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [
    {
      id: "winner",
      question: "Who shall win?",
      options: [
        { id: "anna", text: "Anna, the singer" },
        { id: "ben", text: "Ben, the juggler" },
        { id: "cleo", text: "Cleo, the magician" },
        { id: "dan", text: "Dan, the dancer" },
      ],
    },
    {
      id: "wildcard",
      question: "Who comes back next year?",
      options: [
        { id: "ella", text: "Ella" },
        { id: "finn", text: "Finn" },
        { id: "gus", text: "Gus" },
      ],
      mode: "votes",
      votes: 2,
      results: "live",
    },
  ],
} as const;
