import { expect, test } from "vitest";
import {
  MAX_ANSWER_PIECE_BYTES,
  MAX_QUESTION_BYTES,
  type AnswerFrame,
  type AskFrame,
} from "../../../crdt/replicate/frame.ts";
import { Inquiries, MAX_ANSWER_BYTES, MAX_ANSWERING, type Answerer } from "../../../crdt/replicate/inquiry.ts";
import { ManualWorld, settle } from "../../support/world.ts";

/** An asker and an answerer with nothing between them; `lose` tells which frames never arrive. */
function pair(answerer: Answerer | undefined, lose: (frame: AskFrame | AnswerFrame) => boolean = () => false) {
  const world = new ManualWorld();
  const frames: (AskFrame | AnswerFrame)[] = [];
  const deliver = (to: () => Inquiries) => (frame: AskFrame | AnswerFrame) => {
    if (lose(frame)) return false;
    frames.push(frame);
    if (frame.type === "ask") void to().onask(frame, answerer);
    else to().onanswer(frame);
    return true;
  };
  const asker = new Inquiries(
    world,
    deliver(() => other),
  );
  const other: Inquiries = new Inquiries(
    world,
    deliver(() => asker),
  );
  return { world, asker, other, frames };
}

const QUESTION = Uint8Array.of(1, 2, 3);

test("an answer comes back, in as many pieces as it takes", async () => {
  const answer = Uint8Array.from({ length: 2 * MAX_ANSWER_PIECE_BYTES + 1 }, (_, i) => i % 251);
  const { asker, frames, world } = pair(() => Promise.resolve(answer));
  expect(await asker.ask(QUESTION, 500)).toEqual(answer);
  expect(frames.map(({ type }) => type)).toEqual(["ask", "answer", "answer", "answer"]);
  expect(world.pending).toBe(0);
});

test("an empty answer is an answer", async () => {
  const { asker } = pair(() => Promise.resolve(new Uint8Array()));
  expect(await asker.ask(QUESTION, 500)).toEqual(new Uint8Array());
});

test.for<[string, Answerer | undefined]>([
  ["that answers nothing", undefined],
  ["that never comes to an end", () => new Promise(() => {})],
  ["that fails", () => Promise.reject(new Error("no"))],
  ["with too long an answer", () => Promise.resolve(new Uint8Array(MAX_ANSWER_BYTES + 1))],
])("a peer %s is waited for as long as asked, and no longer", async ([, answerer]) => {
  const { asker, world } = pair(answerer);
  let answer: unknown = "none yet";
  void asker.ask(QUESTION, 500).then((came) => (answer = came));
  await settle();
  world.advance(499);
  await settle();
  expect(answer).toBe("none yet");
  world.advance(1);
  await settle();
  expect(answer).toBeUndefined();
  expect(world.pending).toBe(0);
});

test("a lost piece makes no answer, and a late one harms nobody", async () => {
  let pieces = 0;
  const long = new Uint8Array(2 * MAX_ANSWER_PIECE_BYTES);
  const { asker, world } = pair(
    () => Promise.resolve(long),
    (frame) => frame.type === "answer" && ++pieces === 2,
  );
  const asked = asker.ask(QUESTION, 500);
  await settle();
  world.advance(500);
  expect(await asked).toBeUndefined();
  asker.onanswer({ type: "answer", id: 1, more: false, piece: QUESTION });
});

test("more than so many questions at once are left without an answer", async () => {
  let answered = 0;
  const { asker, world } = pair(() => {
    answered += 1;
    return new Promise(() => {});
  });
  for (let i = 0; i < MAX_ANSWERING + 3; i++) void asker.ask(QUESTION, 500);
  await settle();
  expect(answered).toBe(MAX_ANSWERING);
  world.advance(500);
});

test("a link that closes ends all waiting; a question that is too long is not sent", async () => {
  const { asker, frames } = pair(() => new Promise(() => {}));
  const asked = asker.ask(QUESTION, 500);
  asker.end();
  expect(await asked).toBeUndefined();
  expect(await asker.ask(new Uint8Array(MAX_QUESTION_BYTES + 1), 500)).toBeUndefined();
  expect(frames.length).toBe(1);
});
