import { clockText, type Texts } from "./texts.ts";
import type { Card, PollCard, Row, View } from "./view.ts";
import type { ShownCue } from "./cues.ts";

/** How many shapes and colours tell options apart; with the letter each is its own. */
var SHAPES = 4;
var COLOURS = 8;
/** Options that have a digit of the remote control. */
var DIGITS = 9;
/** Room between the body and what stands below it, px. */
var GAP = 12;
/** How far a key moves a long text, px. */
var SCROLL_STEP = 136;
/** Width of the bar of everything, px. */
var WHOLE_BAR = 410;

export interface ScreenEvents {
  readonly onprompt: () => void;
  /** A row was clicked, by a pointer or by OK. */
  readonly onrow: (index: number) => void;
}

/** The page's elements: draws views, and knows nothing of what they mean. */
export interface Screen {
  readonly draw: (view: View, show: string) => void;
  readonly drawCue: (
    cue: ShownCue | undefined,
    card: { readonly title: string; readonly text: string } | undefined,
  ) => void;
  /** Called several times a second: how much time is left. */
  readonly tick: (time: number) => void;
  /** Puts the focus on a row. */
  readonly focusOn: (index: number) => void;
  /** Moves the focus among the rows, or a long text under them. */
  readonly moveFocus: (by: number) => void;
  /** The row in focus; undefined where there is none. */
  readonly focused: () => number | undefined;
}

export function createScreen(texts: Texts, events: ScreenEvents): Screen {
  var drawn: View | undefined;
  var closesAt: number | undefined;
  /** Which rows stand in the list: drawn anew only where another poll, or another form of it, is shown. */
  var rowsOf = "";
  var rows: RowElements[] = [];
  var focus = 0;

  get("prompt").onclick = events.onprompt;

  function drawPrompt(view: View): void {
    show("prompt", view.prompt !== undefined);
    get("prompt").className = view.prompt ? (view.prompt.isCall ? "call" : "") : "hidden";
    write("prompt-text", view.prompt ? view.prompt.text : "");
  }

  function drawCard(card: Card | undefined, view: View, showTitle: string): void {
    show("panel", card !== undefined);
    get("app").className = card ? "beside" : "";
    if (!card) {
      rowsOf = "";
      return;
    }
    write("show", showTitle);
    write("question", card.kind === "poll" ? card.question : card.title);
    write("heading", card.kind === "poll" ? card.heading : "");
    write("text", card.kind === "poll" ? "" : card.text);
    drawPhoto(card);
    drawStatus(card);
    drawRows(card.kind === "poll" ? card : undefined);
    write("keys", keysText(view));
    layOut();
  }

  function drawPhoto(card: Card): void {
    var photo = get("photo") as HTMLImageElement;
    show("photo", card.kind === "picture");
    if (card.kind !== "picture") return;
    if (photo.getAttribute("src") !== card.path) photo.src = card.path;
    photo.alt = card.text;
    photo.onload = layOut;
    // What it shows is said to those who do not see it; for the others its title is enough.
    write("text", "");
  }

  function drawStatus(card: Card): void {
    var status = card.kind === "poll" ? card.status : undefined;
    show("said", status !== undefined);
    if (!status) return;
    get("said").className = status.kind;
    write("status", status.text);
    write("more", status.more);
  }

  function drawRows(card: PollCard | undefined): void {
    var isResult = card !== undefined && card.rows.length > 0 && card.rows[0]!.result !== undefined;
    var name = card ? `${card.id} ${card.rows.length} ${isResult}` : "";
    if (name !== rowsOf) buildRows(card, isResult);
    rowsOf = name;
    for (var i = 0; card && i < card.rows.length; i++) fillRow(rows[i]!, card.rows[i]!, i, card.takesVotes);
  }

  function buildRows(card: PollCard | undefined, isResult: boolean): void {
    var list = get("rows");
    list.textContent = "";
    rows = [];
    for (var i = 0; card && i < card.rows.length; i++) {
      var row = buildRow(i, isResult);
      row.button.onclick = click(i);
      list.appendChild(row.item);
      rows.push(row);
      if (card.rows[i]!.mine > 0) focus = i;
    }
    if (focus >= rows.length) focus = 0;
    if (rows.length > 0) rows[focus]!.button.focus();
  }

  function click(index: number): () => void {
    return () => {
      focus = index;
      events.onrow(index);
    };
  }

  /** The body takes what the question leaves, and scrolls to the row in focus. */
  function layOut(): void {
    var body = get("body");
    var heading = get("heading");
    var above = heading.textContent ? heading : get("question");
    var below = get("said").offsetHeight > 0 ? get("said") : get("keys");
    var top = above.offsetTop + above.offsetHeight + GAP;
    body.style.top = `${top}px`;
    body.style.height = `${below.offsetTop - GAP - top}px`;
    if (rows[focus]) scrollTo(body, rows[focus]!.item);
  }

  function keysText(view: View): string {
    var takesVotes = view.card && view.card.kind === "poll" && view.card.takesVotes;
    if (view.ids.length < 2) return texts.say(takesVotes ? "keys" : "keys_over");
    var place = texts.say("card_of", { card: String(view.index + 1), cards: String(view.ids.length) });
    return `${place} · ${texts.say("keys_cards")}`;
  }

  function drawTime(id: string, time: number): void {
    var left = closesAt === undefined ? "" : clockText(closesAt - time);
    write(id, id === "time" && left ? texts.say("left", { time: left }) : left);
  }

  return {
    draw: (view, title) => {
      closesAt = view.prompt
        ? view.prompt.closesAt
        : view.card && view.card.kind === "poll"
          ? view.card.closesAt
          : undefined;
      var wasOpen = drawn !== undefined && drawn.card !== undefined;
      drawn = view;
      drawPrompt(view);
      drawCard(view.card, view, title);
      if (wasOpen && !view.card) get("prompt").focus();
      show("lower", view.lowerThird !== undefined);
      write("lower-title", view.lowerThird ? view.lowerThird.title : "");
      write("lower-text", view.lowerThird ? view.lowerThird.text : "");
      show("rehearsal", view.isRehearsal);
      write("rehearsal", view.isRehearsal ? texts.say("rehearsal") : "");
      show("trouble", view.trouble !== undefined);
      write("trouble", view.trouble || "");
    },
    drawCue: (cue, card) => {
      show("cue", cue !== undefined);
      write("cue-text", cue ? (card ? card.title : cue.value) : "");
      write("cue-more", card ? card.text : "");
      // One thing at a time over the picture; the cue is the shorter one.
      get("lower").style.visibility = cue ? "hidden" : "visible";
    },
    tick: (time) => {
      if (!drawn) return;
      drawTime("prompt-time", time);
      drawTime("time", time);
    },
    focusOn: (index) => {
      if (!rows[index]) return;
      focus = index;
      rows[index]!.button.focus();
      scrollTo(get("body"), rows[index]!.item);
    },
    moveFocus: (by) => {
      // A page of text has nothing to choose from, and may be longer than the screen.
      if (rows.length === 0) get("body").scrollTop += by * SCROLL_STEP;
      var next = Math.min(rows.length - 1, Math.max(0, focus + by));
      if (!rows[next]) return;
      focus = next;
      rows[focus]!.button.focus();
      scrollTo(get("body"), rows[focus]!.item);
    },
    focused: () => (rows.length > 0 ? focus : undefined),
  };
}

interface RowElements {
  readonly item: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly text: HTMLElement;
  readonly note: HTMLElement;
  readonly figure: HTMLElement;
  readonly count: HTMLElement | undefined;
  readonly bar: HTMLElement | undefined;
  readonly key: HTMLElement | undefined;
}

function buildRow(i: number, isResult: boolean): RowElements {
  var item = document.createElement("li");
  var button = document.createElement("button");
  button.type = "button";
  item.appendChild(button);
  var mark = add(button, "span", `mark shape${i % SHAPES} colour${i % COLOURS}`);
  add(mark, "i", "");
  return {
    item,
    button,
    text: add(button, "span", "text"),
    note: add(button, "span", "note"),
    figure: add(button, "span", "figure"),
    count: isResult ? add(button, "span", "count") : undefined,
    bar: isResult ? add(button, "span", `bar colour${i % COLOURS}`) : undefined,
    key: isResult || i >= DIGITS ? undefined : add(button, "span", "key"),
  };
}

function fillRow(elements: RowElements, row: Row, i: number, takesVotes: boolean): void {
  var classes = "row";
  if (row.result) classes += " result";
  if (row.note) classes += " noted";
  if (row.mine > 0) classes += " mine";
  if (row.isRight) classes += " right";
  if (!takesVotes) classes += " over";
  if (elements.button.className !== classes) elements.button.className = classes;
  elements.button.setAttribute("aria-pressed", row.mine > 0 ? "true" : "false");
  elements.button.setAttribute("aria-disabled", takesVotes ? "false" : "true");
  var mark = elements.button.firstChild as HTMLElement;
  if (mark.childNodes.length < 2) add(mark, "b", "");
  set(mark.childNodes[1] as HTMLElement, row.letter);
  set(elements.text, row.text);
  set(elements.note, row.note);
  set(elements.figure, row.result ? `${row.result.percent} %` : "");
  if (elements.key) {
    set(elements.key, String(i + 1));
    elements.key.style.display = takesVotes ? "" : "none";
  }
  if (elements.count) set(elements.count, row.result ? row.result.count : "");
  if (elements.bar) elements.bar.style.width = `${row.result ? (row.result.percent / 100) * WHOLE_BAR : 0}px`;
}

function scrollTo(box: HTMLElement, item: HTMLElement): void {
  var top = item.offsetTop - 4;
  var bottom = item.offsetTop + item.offsetHeight + 4;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}

function get(id: string): HTMLElement {
  return document.getElementById(id)!;
}

function add(parent: HTMLElement, name: string, className: string): HTMLElement {
  var child = document.createElement(name);
  if (className) child.className = className;
  parent.appendChild(child);
  return child;
}

function write(id: string, text: string): void {
  set(get(id), text);
}

/** Written only where it differs: a status that is written anew is read out anew. */
function set(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function show(id: string, isShown: boolean): void {
  var element = get(id);
  var without = element.className.replace(/\s*\bhidden\b/, "");
  element.className = isShown ? without : `${without} hidden`;
}
