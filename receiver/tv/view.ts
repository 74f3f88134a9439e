import type { ContentItemBody, PollBody } from "../../edge/answers.ts";
import type { Slots } from "./ballots.ts";
import { isOpen, pollCard, type PollCard } from "./poll-card.ts";
import type { Programme } from "./programme.ts";
import type { ShopCard } from "./shop-card.ts";
import type { Texts } from "./texts.ts";

/** What is on the screen beside the picture, as data: nothing here touches the page. */
export interface View {
  /** The button in the corner, while the application is closed. */
  readonly prompt:
    | { readonly text: string; readonly isCall: boolean; readonly closesAt: number | undefined }
    | undefined;
  /** The card that is open. */
  readonly card: Card | undefined;
  /** Ids of all cards, and which of them is the one. */
  readonly ids: readonly string[];
  readonly index: number;
  readonly lowerThird: { readonly title: string; readonly text: string } | undefined;
  readonly isRehearsal: boolean;
  /** Set while no edge answers. */
  readonly trouble: string | undefined;
}

export type Card =
  | PollCard
  | ShopCard
  | { readonly kind: "page"; readonly id: string; readonly title: string; readonly text: string }
  | {
      readonly kind: "picture";
      readonly id: string;
      readonly title: string;
      readonly text: string;
      readonly path: string;
    }
  | { readonly kind: "nothing"; readonly id: "nothing"; readonly title: string; readonly text: string };

/** What the viewer has done with the application. */
export interface Hand {
  readonly isOpen: boolean;
  /** The card that was gone to; undefined while the page chooses. */
  readonly card: string | undefined;
}

export interface Seen {
  readonly programme: Programme;
  readonly hand: Hand;
  readonly ballotsOf: (poll: string) => Slots | undefined;
  /** Undefined where there is nothing to buy. */
  readonly shop: ShopCard | undefined;
}

export function viewOf(seen: Seen, texts: Texts): View {
  var cards = cardsOf(seen, texts);
  var index = Math.max(0, indexOf(cards, seen.hand.card));
  var isOpen = seen.hand.isOpen;
  return {
    prompt: isOpen ? undefined : promptOf(seen.programme, texts),
    card: isOpen ? cards[index] : undefined,
    ids: cards.map((card) => card.id),
    index,
    lowerThird: lowerThirdOf(seen.programme.content),
    isRehearsal: seen.programme.isRehearsal,
    trouble: seen.programme.connection === "away" ? texts.say("away") : undefined,
  };
}

/** Polls that are open come first, then the shop, then the rest with the newest before, and last what is still to come. */
function cardsOf(seen: Seen, texts: Texts): Card[] {
  var dated: { readonly at: number; readonly card: Card }[] = [];
  var polls = seen.programme.polls;
  var isAway = seen.programme.connection === "away";
  for (var i = 0; i < polls.length; i++) {
    if (polls[i]!.state !== "void" || seen.hand.card === polls[i]!.id)
      dated.push({ at: dateOf(polls[i]!), card: pollCard(polls[i]!, seen.ballotsOf(polls[i]!.id), isAway, texts) });
  }
  for (var j = 0; j < seen.programme.content.length; j++) {
    var card = contentCard(seen.programme.content[j]!);
    if (card) dated.push({ at: seen.programme.content[j]!.at, card });
  }
  if (seen.shop) dated.push({ at: FAR_AHEAD, card: seen.shop });
  if (dated.length === 0) return [nothing(seen.programme, texts)];
  return dated.sort((a, b) => b.at - a.at).map((each) => each.card);
}

function dateOf(poll: PollBody): number {
  if (poll.state === "armed") return 0;
  return (isOpen(poll) ? FAR_AHEAD : 0) + (poll.closes_at || poll.opens_at || 0);
}

/** More milliseconds than any date has. */
var FAR_AHEAD = 1e15;

/** The card of what has just happened: a poll that opened, a result, something published. The first matters most. */
export function newsOf(before: Programme, after: Programme): string | undefined {
  var result: string | undefined;
  for (var i = 0; i < after.polls.length; i++) {
    var poll = after.polls[i]!;
    var old = find(before.polls, poll.id);
    if (isOpen(poll) && !(old && isOpen(old))) return poll.id;
    var isRevealed = (poll.counts && !(old && old.counts)) || (poll.answer && !(old && old.answer));
    if (isRevealed && !isOpen(poll)) result = poll.id;
  }
  if (result) return result;
  for (var j = 0; j < after.content.length; j++) {
    var item = after.content[j]!;
    var known = find(before.content, item.id);
    if (item.kind !== "lower-third" && !(known && known.at === item.at)) result = `content-${item.id}`;
  }
  for (var k = 0; k < after.products.length; k++) if (!find(before.products, after.products[k]!.id)) result = "shop";
  return result;
}

function find<T extends { readonly id: string }>(list: readonly T[], id: string): T | undefined {
  for (var i = 0; i < list.length; i++) if (list[i]!.id === id) return list[i];
  return undefined;
}

function indexOf(cards: readonly Card[], id: string | undefined): number {
  for (var i = 0; i < cards.length; i++) if (cards[i]!.id === id) return i;
  return -1;
}

function promptOf(programme: Programme, texts: Texts): View["prompt"] {
  for (var i = 0; i < programme.polls.length; i++) {
    var poll = programme.polls[i]!;
    if (poll.state === "open") return { text: texts.say("vote_now"), isCall: true, closesAt: poll.closes_at };
  }
  var isSelling = programme.products.some((offer) => offer.availability !== "sold-out");
  return { text: texts.say(isSelling ? "shop_red" : "press_red"), isCall: false, closesAt: undefined };
}

function lowerThirdOf(content: readonly ContentItemBody[]): View["lowerThird"] {
  var newest: ContentItemBody | undefined;
  for (var i = 0; i < content.length; i++) {
    var item = content[i]!;
    if (item.kind === "lower-third" && (!newest || item.at > newest.at)) newest = item;
  }
  return newest && { title: newest.title, text: newest.text };
}

function contentCard(item: ContentItemBody): Card | undefined {
  var card = { id: `content-${item.id}`, title: item.title, text: item.text };
  if (item.kind === "page") return { kind: "page", id: card.id, title: card.title, text: card.text };
  if (item.kind !== "picture" || !item.picture) return undefined;
  return { kind: "picture", id: card.id, title: card.title, text: card.text, path: item.picture };
}

function nothing(programme: Programme, texts: Texts): Card {
  var title = texts.say("nothing");
  if (programme.connection === "starting") title = texts.say("starting");
  if (programme.connection === "waiting") title = texts.say("waiting");
  return { kind: "nothing", id: "nothing", title, text: texts.say("nothing_more") };
}
