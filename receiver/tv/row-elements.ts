import type { Row } from "./row.ts";

/** How many shapes and colours tell options apart; with the letter each is its own. */
var SHAPES = 4;
var COLOURS = 8;
/** Options that have a digit of the remote control. */
var DIGITS = 9;
/** Width of the bar of everything, px. */
var WHOLE_BAR = 410;

/** What of a row is written anew when it changes. */
export interface RowElements {
  readonly item: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly letter: HTMLElement | undefined;
  readonly text: HTMLElement;
  readonly note: HTMLElement;
  readonly figure: HTMLElement;
  readonly count: HTMLElement | undefined;
  readonly bar: HTMLElement | undefined;
  readonly key: HTMLElement | undefined;
}

/** The row at place `i`; `isMarked`: it has a letter. */
export function buildRow(i: number, isResult: boolean, isMarked: boolean): RowElements {
  var item = document.createElement("li");
  var button = document.createElement("button");
  button.type = "button";
  item.appendChild(button);
  return {
    item,
    button,
    letter: isMarked ? buildMark(button, i) : undefined,
    text: add(button, "span", "text"),
    note: add(button, "span", "note"),
    figure: add(button, "span", "figure"),
    count: isResult ? add(button, "span", "count") : undefined,
    bar: isResult ? add(button, "span", `bar colour${i % COLOURS}`) : undefined,
    key: isResult || i >= DIGITS ? undefined : add(button, "span", "key"),
  };
}

/** A letter in a shape of its own colour. */
function buildMark(button: HTMLElement, i: number): HTMLElement {
  var mark = add(button, "span", `mark shape${i % SHAPES} colour${i % COLOURS}`);
  add(mark, "i", "");
  return add(mark, "b", "");
}

export function fillRow(elements: RowElements, row: Row, i: number, takesVotes: boolean): void {
  var classes = "row";
  if (row.result) classes += " result";
  if (!elements.letter) classes += row.figure ? " plain" : " plain alone";
  if (row.note) classes += " noted";
  if (row.mine > 0) classes += " mine";
  if (row.isRight) classes += " right";
  if (!takesVotes) classes += " over";
  if (elements.button.className !== classes) elements.button.className = classes;
  // What has a letter is chosen and stays so; the others lead somewhere.
  if (elements.letter) elements.button.setAttribute("aria-pressed", row.mine > 0 ? "true" : "false");
  elements.button.setAttribute("aria-disabled", takesVotes ? "false" : "true");
  if (elements.letter) setText(elements.letter, row.letter);
  setText(elements.text, row.text);
  setText(elements.note, row.note);
  setText(elements.figure, row.figure);
  if (elements.key) {
    setText(elements.key, String(i + 1));
    elements.key.style.display = takesVotes ? "" : "none";
  }
  if (elements.count) setText(elements.count, row.result ? row.result.count : "");
  if (elements.bar) elements.bar.style.width = `${row.result ? (row.result.percent / 100) * WHOLE_BAR : 0}px`;
}

/** Written only where it differs: a status that is written anew is read out anew. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function add(parent: HTMLElement, name: string, className: string): HTMLElement {
  var child = document.createElement(name);
  if (className) child.className = className;
  parent.appendChild(child);
  return child;
}
