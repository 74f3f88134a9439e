import type { ShownCue } from "./cues.ts";
import { buildRow, fillRow, setText, type RowElements } from "./row-elements.ts";
import type { PollCard } from "./poll-card.ts";
import type { Row } from "./row.ts";
import type { ShopCard } from "./shop-card.ts";
import { clockText, type Texts } from "./texts.ts";
import type { Card, View } from "./view.ts";

/** Room between the body and what stands below it, px. */
var GAP = 12;
/** How far a key moves a long text, px. */
var SCROLL_STEP = 136;
/** Places of a PIN that are drawn before they are filled. */
var PIN_PLACES = 4;

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
    write("heading", (hasRows(card) && card.heading) || "");
    write("text", (card.kind !== "poll" && card.text) || "");
    drawPhoto(card);
    drawPin(card.kind === "shop" ? card.digits : undefined);
    drawStatus(card);
    drawRows(card);
    write("keys", keysText(card, view));
    layOut();
  }

  /** How many digits there are, and never which. */
  function drawPin(digits: number | undefined): void {
    show("pin", digits !== undefined);
    if (digits === undefined) return;
    var places: string[] = [];
    for (var i = 0; i < Math.max(PIN_PLACES, digits); i++) places.push(i < digits ? "●" : "○");
    write("pin", places.join(" "));
    get("pin").setAttribute("aria-label", texts.say("pin", { digits: String(digits) }));
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
    var status = hasRows(card) ? card.status : undefined;
    show("said", status !== undefined);
    if (!status) return;
    get("said").className = status.kind;
    write("status", status.text);
    write("more", status.more);
  }

  function drawRows(card: Card): void {
    var drawnRows: readonly Row[] = hasRows(card) ? card.rows : [];
    var isResult = drawnRows.length > 0 && drawnRows[0]!.result !== undefined;
    var name = `${card.id} ${card.kind === "shop" ? card.page : ""} ${drawnRows.length} ${isResult}`;
    if (name !== rowsOf) {
      if (card.kind === "shop") focus = 0;
      buildRows(drawnRows, isResult);
    }
    rowsOf = name;
    var takes = card.kind !== "poll" || card.takesVotes;
    for (var i = 0; i < drawnRows.length; i++) fillRow(rows[i]!, drawnRows[i]!, i, takes);
  }

  function buildRows(drawnRows: readonly Row[], isResult: boolean): void {
    var list = get("rows");
    list.textContent = "";
    rows = [];
    for (var i = 0; i < drawnRows.length; i++) {
      var row = buildRow(i, isResult, drawnRows[i]!.letter !== "");
      row.button.onclick = click(i);
      list.appendChild(row.item);
      rows.push(row);
      if (drawnRows[i]!.mine > 0) focus = i;
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

  function keysText(card: Card, view: View): string {
    if (card.kind === "shop" && card.keys) return card.keys;
    var takes = card.kind === "shop" || (card.kind === "poll" && card.takesVotes);
    if (view.ids.length < 2) return texts.say(takes ? "keys" : "keys_over");
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

/** Cards that have rows to choose from, and say what became of it. */
function hasRows(card: Card): card is PollCard | ShopCard {
  return card.kind === "poll" || card.kind === "shop";
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

function write(id: string, text: string): void {
  setText(get(id), text);
}

function show(id: string, isShown: boolean): void {
  var element = get(id);
  var without = element.className.replace(/\s*\bhidden\b/, "");
  element.className = isShown ? without : `${without} hidden`;
}
