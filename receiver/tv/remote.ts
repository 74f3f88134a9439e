/** What a key of a remote control means here. */
export type Key =
  | { readonly is: "red" | "ok" | "back" | "up" | "down" | "left" | "right" }
  /** A colour: names an option by its place, from 0. */
  | { readonly is: "option"; readonly index: number }
  | { readonly is: "digit"; readonly digit: number };
