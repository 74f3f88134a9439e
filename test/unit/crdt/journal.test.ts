import { expect, test } from "vitest";
import { Journal } from "../../../crdt/journal.ts";
import { StoreFull, type StoreRecord } from "../../../crdt/store/store.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { settle } from "../../support/world.ts";

const record = (boot: string): StoreRecord => ({ kind: "boot", boot, startedAt: 1 });

function aJournal() {
  const lost: Error[] = [];
  const store = new NotedStore();
  const names = () => store.appends.map((records) => records.map((each) => (each.kind === "boot" ? each.boot : "")));
  return { lost, store, names, journal: new Journal(store, (error) => lost.push(error)) };
}

/** Appends wait until the returned function is called. */
function holdUp(store: NotedStore): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  store.gate = promise;
  return resolve;
}

test("what comes in one turn of the event loop goes into one append, and into the next what gathers meanwhile", async () => {
  const { names, store, journal } = aJournal();
  const finish = holdUp(store);
  const append = (boot: string) => journal.append([record(boot)]);
  const written = ["a", "b"].map(append);
  await settle();
  written.push(...["c", "d"].map(append));
  await settle();
  expect(names()).toEqual([["a", "b"]]);
  finish();
  await Promise.all(written);
  await journal.append([record("e"), record("f")]);
  expect(names()).toEqual([
    ["a", "b"],
    ["c", "d"],
    ["e", "f"],
  ]);
});

test("what resolves is in the store", async () => {
  const { journal, store } = aJournal();
  await journal.append([record("a")]);
  expect((await store.load()).boots).toEqual(["a"]);
});

test("a full disk refuses the group that meets it, and the next is written", async () => {
  const { lost, store, names, journal } = aJournal();
  store.fault = "full";
  const refused = journal.append([record("a")]).catch((error: unknown) => error);
  expect(await refused).toBeInstanceOf(StoreFull);
  store.fault = undefined;
  await journal.append([record("b")]);
  expect(names()).toEqual([["a"], ["b"]]);
  expect((await store.load()).boots).toEqual(["b"]);
  expect(lost).toEqual([]);
});

test.each(["lost", "written"] as const)("an unknown outcome (%s) ends the journal, and says so once", async (fault) => {
  const { lost, store, names, journal } = aJournal();
  store.fault = fault;
  const finish = holdUp(store);
  const writing = journal.append([record("a")]);
  await settle();
  const waiting = journal.append([record("b")]);
  finish();
  const results = await Promise.allSettled([writing, waiting]);
  store.fault = undefined;
  await expect(journal.append([record("c")])).rejects.toThrow("the disk failed");
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(names()).toEqual([["a"]]);
  expect(lost).toHaveLength(1);
});

test("a member without a chain of its own goes on after an unknown outcome", async () => {
  const store = new NotedStore();
  const journal = new Journal(store);
  store.fault = "lost";
  await expect(journal.append([record("a")])).rejects.toThrow("the disk failed");
  store.fault = undefined;
  await journal.append([record("b")]);
});

test("at its end everything handed in is written, and what comes later is refused without a loss", async () => {
  const { lost, names, store, journal } = aJournal();
  const finish = holdUp(store);
  const written = [journal.append([record("a")])];
  await settle();
  written.push(...["b", "c"].map((boot) => journal.append([record(boot)])));
  const ended = journal.end();
  finish();
  await ended;
  expect(names()).toEqual([["a"], ["b", "c"]]);
  await Promise.all(written);
  await expect(journal.append([record("d")])).rejects.toThrow("the log has ended");
  expect([names().flat(), lost]).toEqual([["a", "b", "c"], []]);
});
