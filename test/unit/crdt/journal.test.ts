import { expect, test } from "vitest";
import { Journal } from "../../../crdt/journal.ts";
import { StoreFull, type StoreRecord } from "../../../crdt/store/store.ts";
import { NotedStore } from "../../support/noted-store.ts";

const record = (boot: string): StoreRecord => ({ kind: "boot", boot, startedAt: 1 });

function aJournal() {
  const lost: Error[] = [];
  const store = new NotedStore();
  const names = () => store.appends.map((records) => records.map((each) => (each.kind === "boot" ? each.boot : "")));
  return { lost, store, names, journal: new Journal(store, (error) => lost.push(error)) };
}

test("writes the first record at once, and in one append what gathers meanwhile, in order", async () => {
  const { names, journal } = aJournal();
  await Promise.all(["a", "b", "c"].map((boot) => journal.append([record(boot)])));
  await journal.append([record("d"), record("e")]);
  expect(names()).toEqual([["a"], ["b", "c"], ["d", "e"]]);
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
  const results = await Promise.allSettled(["a", "b"].map((boot) => journal.append([record(boot)])));
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
  const { lost, names, journal } = aJournal();
  const written = ["a", "b", "c"].map((boot) => journal.append([record(boot)]));
  await journal.end();
  expect(names()).toEqual([["a"], ["b", "c"]]);
  await Promise.all(written);
  await expect(journal.append([record("d")])).rejects.toThrow("the log has ended");
  expect([names().flat(), lost]).toEqual([["a", "b", "c"], []]);
});
