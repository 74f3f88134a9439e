import de from "./words/de.json" with { type: "json" };
import en from "./words/en.json" with { type: "json" };

/** What this page says, by its name. Another language is another file with the same names. */
export type Words = typeof en;
export type Word = Exclude<keyof Words, "thousands" | "decimal" | "money">;

var LANGUAGES: { readonly [language: string]: Words } = { de, en };

/** Says a word; `values` go where `{name}` stands. */
export interface Say {
  (word: Word, values?: { readonly [name: string]: string }): string;
}

export interface Texts {
  readonly say: Say;
  /** 1234567 → 1,234,567, as the language has it. */
  readonly number: (value: number) => string;
  /** 2990 and "EUR" → €29.90, as the language has it. */
  readonly money: (amount: number, currency: string) => string;
}

/** Digits behind the point, where they are not two (ISO 4217). */
var EXPONENTS: { readonly [currency: string]: number } = {
  BHD: 3,
  CLP: 0,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  OMR: 3,
  TND: 3,
  VND: 0,
};
var SIGNS: { readonly [currency: string]: string } = { EUR: "€", USD: "$", GBP: "£" };

/** The texts of "de-AT", or English where there are none. */
export function textsOf(language: string): Texts {
  var words = LANGUAGES[language.slice(0, 2).toLowerCase()] || en;

  function number(value: number): string {
    return String(value).replace(/\B(?=(\d{3})+$)/g, words.thousands);
  }

  /** By hand: sets of 2012 have no `Intl`. */
  function money(amount: number, currency: string): string {
    var exponent = currency in EXPONENTS ? EXPONENTS[currency]! : 2;
    var digits = String(amount);
    while (digits.length <= exponent) digits = `0${digits}`;
    var whole = number(Number(digits.slice(0, digits.length - exponent)));
    var rest = exponent > 0 ? words.decimal + digits.slice(-exponent) : "";
    var sign = SIGNS[currency] || `${currency} `;
    return words.money
      .replace("{sign}", () => sign)
      .replace("{amount}", whole + rest)
      .trim();
  }

  return {
    say: (word, values) => words[word].replace(/\{(\w+)\}/g, (_whole, name: string) => (values && values[name]) || ""),
    number,
    money,
  };
}

/** 83000 → "1:23". */
export function clockText(ms: number): string {
  var seconds = Math.max(0, Math.ceil(ms / 1000));
  var rest = seconds % 60;
  return `${Math.floor(seconds / 60)}:${rest < 10 ? "0" : ""}${rest}`;
}
