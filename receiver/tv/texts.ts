import de from "./words/de.json" with { type: "json" };
import en from "./words/en.json" with { type: "json" };

/** What this page says, by its name. Another language is another file with the same names. */
export type Words = typeof en;
export type Word = Exclude<keyof Words, "thousands">;

var LANGUAGES: { readonly [language: string]: Words } = { de, en };

/** Says a word; `values` go where `{name}` stands. */
export interface Say {
  (word: Word, values?: { readonly [name: string]: string }): string;
}

export interface Texts {
  readonly say: Say;
  /** 1234567 → 1,234,567, as the language has it. */
  readonly number: (value: number) => string;
}

/** The texts of "de-AT", or English where there are none. */
export function textsOf(language: string): Texts {
  var words = LANGUAGES[language.slice(0, 2).toLowerCase()] || en;
  return {
    say: (word, values) => words[word].replace(/\{(\w+)\}/g, (_whole, name: string) => (values && values[name]) || ""),
    number: (value) => String(value).replace(/\B(?=(\d{3})+$)/g, words.thousands),
  };
}

/** 83000 → "1:23". */
export function clockText(ms: number): string {
  var seconds = Math.max(0, Math.ceil(ms / 1000));
  var rest = seconds % 60;
  return `${Math.floor(seconds / 60)}:${rest < 10 ? "0" : ""}${rest}`;
}
