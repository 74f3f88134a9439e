import type { ContentItemBody, PollBody } from "../../edge/answers.ts";
import type { Ballot, Slots } from "./ballots.ts";
import type { Programme } from "./programme.ts";
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
  | { readonly kind: "page"; readonly id: string; readonly title: string; readonly text: string }
  | {
      readonly kind: "picture";
      readonly id: string;
      readonly title: string;
      readonly text: string;
      readonly path: string;
    }
  | { readonly kind: "nothing"; readonly id: "nothing"; readonly title: string; readonly text: string };

export interface PollCard {
  readonly kind: "poll";
  readonly id: string;
  readonly heading: string;
  readonly question: string;
  readonly rows: readonly Row[];
  /** Whether a row can be chosen now. */
  readonly takesVotes: boolean;
  readonly closesAt: number | undefined;
  readonly status: Status;
}

export interface Row {
  readonly option: string;
  readonly letter: string;
  readonly text: string;
  /** Votes of this receiver that stand for it. */
  readonly mine: number;
  readonly result: { readonly count: string; readonly percent: number } | undefined;
  readonly isRight: boolean;
  readonly note: string;
}

export interface Status {
  readonly kind: "quiet" | "sending" | "counted" | "refused" | "right" | "wrong";
  readonly text: string;
  readonly more: string;
}

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

/** Polls that are open come first, then everything else with the newest before the rest, and last what is still to come. */
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
  return result;
}

function find<T extends { readonly id: string }>(list: readonly T[], id: string): T | undefined {
  for (var i = 0; i < list.length; i++) if (list[i]!.id === id) return list[i];
  return undefined;
}

export function isOpen(poll: PollBody): boolean {
  return poll.state === "open" || poll.state === "closing";
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
  return { text: texts.say("press_red"), isCall: false, closesAt: undefined };
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

function pollCard(poll: PollBody, slots: Slots | undefined, isAway: boolean, texts: Texts): PollCard {
  return {
    kind: "poll",
    id: poll.id,
    heading: headingOf(poll, texts),
    question: poll.question,
    rows: rowsOf(poll, slots, texts),
    takesVotes: isOpen(poll) && !(poll.mode === "first" && stands(slots && slots.byK[1])),
    closesAt: poll.state === "open" ? poll.closes_at : undefined,
    status: statusOf(poll, slots, isAway, texts),
  };
}

function headingOf(poll: PollBody, texts: Texts): string {
  if (!poll.counts) return "";
  var total = 0;
  for (var i = 0; i < poll.counts.length; i++) total += sum(poll, i);
  var votes = total === 1 ? texts.say("one_vote") : texts.say("votes", { count: texts.number(total) });
  var what = isOpen(poll) ? "so_far" : poll.state === "final" ? "final_result" : "result";
  return `${texts.say(what as "result")} · ${votes}`;
}

function sum(poll: PollBody, i: number): number {
  var counts = poll.counts![i]!;
  return counts.anonymous + counts.signed;
}

function rowsOf(poll: PollBody, slots: Slots | undefined, texts: Texts): Row[] {
  var total = 0;
  var most = 0;
  for (var i = 0; poll.counts && i < poll.options.length; i++) {
    total += sum(poll, i);
    most = Math.max(most, sum(poll, i));
  }
  return poll.options.map((option, i) => {
    var mine = votesFor(option.id, slots);
    var isRight = poll.answer === option.id;
    var count = poll.counts ? sum(poll, i) : 0;
    return {
      option: option.id,
      letter: letterOf(i),
      text: option.text,
      mine,
      result: poll.counts && {
        count: texts.number(count),
        percent: total > 0 ? Math.round((count / total) * 1000) / 10 : 0,
      },
      isRight,
      note: notesOf(isRight, !poll.answer && poll.state === "final" && count === most && most > 0, mine, texts),
    };
  });
}

function notesOf(isRight: boolean, isFirst: boolean, mine: number, texts: Texts): string {
  var notes: string[] = [];
  if (isRight) notes.push(`✓ ${texts.say("right_answer")}`);
  if (isFirst) notes.push(`★ ${texts.say("first")}`);
  if (mine > 0)
    notes.push(`● ${texts.say(isRight || isFirst ? "yours" : "your_choice")}${mine > 1 ? ` × ${mine}` : ""}`);
  return notes.join(" · ");
}

/** A to Z, then AA to IU for the 255th. */
export function letterOf(i: number): string {
  var last = String.fromCharCode(65 + (i % 26));
  return i < 26 ? last : String.fromCharCode(64 + Math.floor(i / 26)) + last;
}

/** The choice that is to be, where one is on its way; the one that stands where it was refused. */
function choiceOf(ballot: Ballot): string | undefined {
  return ballot.is === "refused" ? ballot.before && ballot.before.option : ballot.option;
}

function votesFor(option: string, slots: Slots | undefined): number {
  var count = 0;
  for (var k in slots ? slots.byK : {}) if (choiceOf(slots!.byK[k]!) === option) count += 1;
  return count;
}

function stands(ballot: Ballot | undefined): boolean {
  return ballot !== undefined && ballot.is !== "refused";
}

function newestOf(slots: Slots | undefined): Ballot | undefined {
  var newest: Ballot | undefined;
  for (var k in slots ? slots.byK : {}) {
    var ballot = slots!.byK[k]!;
    if (!newest || ballot.press > newest.press) newest = ballot;
  }
  return newest;
}

function statusOf(poll: PollBody, slots: Slots | undefined, isAway: boolean, texts: Texts): Status {
  var newest = newestOf(slots);
  if (poll.state === "void") return { kind: "quiet", text: texts.say("void"), more: "" };
  if (newest && newest.is === "waiting")
    return { kind: "sending", text: texts.say("sending"), more: isAway ? texts.say("kept") : "" };
  if (newest && newest.is === "refused") return refusedStatus(poll, newest, texts);
  if (poll.answer && newest) return revealStatus(poll, newest, texts);
  if (newest) return countedStatus(poll, slots!, newest, texts);
  if (poll.state === "armed") return { kind: "quiet", text: texts.say("soon"), more: "" };
  if (isOpen(poll)) return { kind: "quiet", text: texts.say("choose"), more: hintOf(poll, slots, texts) };
  return { kind: "quiet", text: texts.say("closed"), more: poll.counts ? "" : texts.say("result_comes") };
}

function refusedStatus(poll: PollBody, ballot: Ballot, texts: Texts): Status {
  var code = ballot.why || "";
  var known = code === "poll_closed" || code === "poll_void" || code === "poll_not_open" || code === "already_voted";
  var why = known ? texts.say(`why_${code}` as "why_other") : texts.say("why_other", { code });
  var more = ballot.before ? texts.say("still", { option: textOf(poll, ballot.before.option) }) : why;
  return { kind: "refused", text: ballot.before ? `${texts.say("refused")}. ${why}` : texts.say("refused"), more };
}

function revealStatus(poll: PollBody, newest: Ballot, texts: Texts): Status {
  var isRight = newest.option === poll.answer;
  return {
    kind: isRight ? "right" : "wrong",
    text: texts.say(isRight ? "was_right" : "was_wrong"),
    more: receiptOf(newest, texts),
  };
}

function countedStatus(poll: PollBody, slots: Slots, newest: Ballot, texts: Texts): Status {
  var option = textOf(poll, newest.option);
  var isChange = newest.before !== undefined && newest.before.option !== newest.option;
  var text = isChange ? texts.say("changed", { option }) : texts.say("counted_as", { option });
  var receipt = isChange ? `${texts.say("counted")} · ${receiptOf(newest, texts)}` : receiptOf(newest, texts);
  var hint = isOpen(poll) ? hintOf(poll, slots, texts) : poll.counts ? "" : texts.say("result_comes");
  return { kind: "counted", text, more: hint ? `${receipt}\n${hint}` : receipt };
}

function receiptOf(ballot: Ballot, texts: Texts): string {
  return ballot.code ? texts.say("receipt", { code: ballot.code }) : texts.say("receipt_lost");
}

function hintOf(poll: PollBody, slots: Slots | undefined, texts: Texts): string {
  if (poll.mode === "first") return texts.say("first_counts");
  if (poll.mode === "last") return slots ? texts.say("may_change") : "";
  var used = 0;
  for (var k in slots ? slots.byK : {}) if (stands(slots!.byK[k])) used += 1;
  var votes = String(poll.votes);
  if (used >= poll.votes) return texts.say("votes_used", { votes });
  return texts.say("votes_left", { left: String(poll.votes - used), votes });
}

function textOf(poll: PollBody, id: string): string {
  for (var i = 0; i < poll.options.length; i++) if (poll.options[i]!.id === id) return poll.options[i]!.text;
  return id;
}
