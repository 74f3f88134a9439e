/*
 * The red-button application: shows the poll that is open, takes a press, and says what became of it. ES5 throughout,
 * since televisions of 2012 run it; a browser runs the same page over the show's HLS.
 */
import "./tv.css";
import { createAccount } from "./account.ts";
import { ownOrigin, readAddress } from "./address.ts";
import { createBallots } from "./ballots.ts";
import { joinBroadcast } from "./broadcast.ts";
import { createCues } from "./cues.ts";
import { createEdges } from "./edges.ts";
import { keyOf } from "./keys.ts";
import { createLive, type LiveMessage } from "./live.ts";
import { play, type Player } from "./player.ts";
import { followProgramme, type Programme } from "./programme.ts";
import type { Key } from "./remote.ts";
import { createScreen } from "./screen.ts";
import { createShop } from "./shop.ts";
import { findEdges, findShard } from "./steering.ts";
import { textsOf } from "./texts.ts";
import { newsOf, viewOf, type Hand } from "./view.ts";

/** How often the time that is left is written, ms. */
var TICK_MS = 250;
/** Where every edge has the names of the stream events. */
var EVENTS_PATH = "/hbbtv/cue.xml";

var address = readAddress();
var texts = textsOf(address.language);
var edges = createEdges(address.edges.length > 0 ? address.edges : [ownOrigin()]);
var account = createAccount(edges, address.token);
var hand: Hand = { isOpen: address.isOpen, card: undefined };
var known: Programme | undefined;

var live = createLive(address.show, edges, account, {
  onwelcome: () => shop.catchUp(),
  onmessage: (message) => hear(message),
  onlost: () => {
    ballots.onlost();
    // The edge may be gone: if so, asking finds out, and moves on.
    programme.hurry();
  },
});
var programme = followProgramme(address.show, edges, account, () => live, changed);
var ballots = createBallots(address.show, edges, account, live, draw);
var shop = createShop(address.show, edges, account, {
  products: () => programme.now().products,
  isPushed: live.isOpen,
  time: programme.time,
  whenTimed: programme.whenTimed,
  onchange: draw,
});
var cues = createCues(address.show, drawCue);
var screen = createScreen(texts, { onprompt: () => open(true), onrow: choose });
var broadcast = joinBroadcast(ownOrigin() + EVENTS_PATH, cues.take);

function hear(message: LiveMessage): void {
  if (message.type === "receipt" || message.type === "refused") ballots.hear(message);
  else if (message.type === "order") shop.hear(message);
  else programme.hear(message);
}

function changed(): void {
  var now = programme.now();
  var news = known && newsOf(known, now);
  if (news && !isEngaged(now, news)) hand = { isOpen: hand.isOpen, card: news };
  known = now;
  draw();
}

/** Whether the viewer is in the middle of a vote, or of buying, that something else should not push aside. */
function isEngaged(now: Programme, news: string): boolean {
  var card = view().card;
  if (card !== undefined && card.kind === "shop") return shop.isBusy();
  for (var i = 0; i < now.polls.length; i++) {
    var poll = now.polls[i]!;
    if (poll.id === news && (poll.state === "open" || poll.state === "closing")) return false;
  }
  return card !== undefined && card.kind === "poll" && card.takesVotes;
}

function view() {
  var now = programme.now();
  return viewOf(
    { programme: now, hand, ballotsOf: ballots.of, shop: shop.card(now.connection === "away", texts) },
    texts,
  );
}

function draw(): void {
  screen.draw(withAddresses(view()), programme.now().title);
  screen.tick(programme.time());
}

/** Pictures come from the edge in use. */
function withAddresses(drawn: ReturnType<typeof view>): ReturnType<typeof view> {
  var card = drawn.card;
  if (card && card.kind === "picture")
    card = { kind: "picture", id: card.id, title: card.title, text: card.text, path: edges.current() + card.path };
  return {
    prompt: drawn.prompt,
    card,
    ids: drawn.ids,
    index: drawn.index,
    lowerThird: drawn.lowerThird,
    isRehearsal: drawn.isRehearsal,
    trouble: drawn.trouble,
  };
}

function drawCue(): void {
  var cue = cues.now();
  var content = programme.now().content;
  for (var i = 0; cue && cue.is === "content" && i < content.length; i++)
    if (content[i]!.id === cue.value) return screen.drawCue(cue, content[i]!);
  // Something published that this receiver has not got cannot be shown; its name says nothing to a viewer.
  screen.drawCue(cue && cue.is === "text" ? cue : undefined, undefined);
}

function open(isOpen: boolean): void {
  hand = { isOpen, card: undefined };
  if (broadcast) broadcast.setOpen(isOpen);
  draw();
}

function choose(index: number): void {
  var card = view().card;
  if (card && card.kind === "shop" && card.rows[index]) {
    // From here on this card stays: a poll that opens now would take the digits of a PIN for votes.
    hand = { isOpen: true, card: card.id };
    return shop.choose(card.rows[index]!.turn);
  }
  if (!card || card.kind !== "poll" || !card.takesVotes || !card.rows[index]) return;
  screen.focusOn(index);
  var polls = programme.now().polls;
  for (var i = 0; i < polls.length; i++)
    if (polls[i]!.id === card.id) ballots.choose(polls[i]!, card.rows[index]!.option);
}

/** To the next card; at the end to the first. */
function turn(by: number): void {
  var now = view();
  hand = { isOpen: true, card: now.ids[(now.index + by + now.ids.length) % now.ids.length] };
  draw();
}

/** True where the key meant something here; the television keeps the others. */
function take(key: Key): boolean {
  if (key.is === "red") open(!hand.isOpen);
  else if (!hand.isOpen) return false;
  else if (isAtCounter() && shop.take(key)) return true;
  else if (key.is === "back") open(false);
  else if (key.is === "up" || key.is === "down") screen.moveFocus(key.is === "up" ? -1 : 1);
  else if (key.is === "left" || key.is === "right") turn(key.is === "left" ? -1 : 1);
  else if (key.is === "option") choose(key.index);
  else if (key.is === "digit") choose(key.digit - 1);
  else {
    var focused = screen.focused();
    if (focused !== undefined) choose(focused);
  }
  return true;
}

function isAtCounter(): boolean {
  var card = view().card;
  return card !== undefined && card.kind === "shop";
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  var key = keyOf(event.keyCode);
  if (key && take(key)) event.preventDefault();
});

/** A browser plays the show's picture; a television has it already. */
function startPicture(): void {
  if (broadcast) return;
  player = play({
    source: () => address.video || `${edges.current()}/hls/${address.show}/live.m3u8`,
    library: document.getElementById("script")!.getAttribute("data-player")!,
    label: texts.say("picture"),
    oncue: cues.take,
  });
}

var player: Player | undefined;
if (!broadcast) document.documentElement.className = "browser";
edges.onshard = (shard) => findShard(address.show, shard, edges);
edges.onmoved = () => {
  live.hangUp();
  if (player) player.move();
};
document.documentElement.lang = texts.say("language");
setInterval(() => screen.tick(programme.time()), TICK_MS);
if (broadcast) broadcast.setOpen(hand.isOpen);
draw();
findEdges(address, edges, () => {
  ballots.resume();
  if (shop.resume()) hand = { isOpen: hand.isOpen, card: "shop" };
  programme.start();
  startPicture();
});
