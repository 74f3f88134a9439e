// The example of docs/processes.md: a process of one's own, killed and started again, does each of its deeds once.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd } from "../support/crowd.ts";
import { soon } from "../support/soon.ts";

const SHOW = "example";
const show = {
  id: SHOW,
  title: "Example",
  polls: [
    {
      id: "p",
      question: "?",
      options: [
        { id: "a", text: "A" },
        { id: "b", text: "B" },
      ],
    },
  ],
};

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.end();
  cluster = undefined;
});

test("the example process writes each further hundred once, also after kill -9", async () => {
  const applause = { name: "applause", role: "watcher", store: "file:applause.db" } as const;
  cluster = await Cluster.start({
    edges: ["fra"],
    processes: [{ ...applause, entry: "docs/example-process.ts" }],
  });
  await cluster.open(show);
  const file = join(cluster.folder.path, "applause.txt");
  const lines = () => (existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : []);
  const crowd = new Crowd(cluster, SHOW, "p");
  await pressAll(crowd, 0, 130);
  await soon(() => expect(lines()).toEqual([`${SHOW}/p 100`]));
  await cluster.member("applause").kill();
  await pressAll(crowd, 130, 320);
  await cluster.revive("applause");
  await soon(() => expect(lines()).toEqual([`${SHOW}/p 100`, `${SHOW}/p 200`, `${SHOW}/p 300`]));
});

/** One press of each of the receivers from `from` up to `to`, twenty at a time. */
async function pressAll(crowd: Crowd, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 20) {
    const some = Array.from({ length: Math.min(20, to - at) }, (_, i) => `tv${at + i}`);
    await Promise.all(some.map((receiver) => crowd.vote(receiver, "a", { at: ["fra"] })));
  }
}
