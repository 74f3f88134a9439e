import type { PollBody } from "../../edge/answers.ts";
import type { Ballot, Slots } from "./ballots.ts";
import type { Row, Status } from "./row.ts";
import type { Texts } from "./texts.ts";

/** A poll as its receiver sees it. */
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

export function isOpen(poll: PollBody): boolean {
  return poll.state === "open" || poll.state === "closing";
}

export function pollCard(poll: PollBody, slots: Slots | undefined, isAway: boolean, texts: Texts): PollCard {
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
    var percent = total > 0 ? Math.round((count / total) * 1000) / 10 : 0;
    return {
      option: option.id,
      letter: letterOf(i),
      text: option.text,
      mine,
      result: poll.counts && { count: texts.number(count), percent },
      figure: poll.counts ? `${percent} %` : "",
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
function letterOf(i: number): string {
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
