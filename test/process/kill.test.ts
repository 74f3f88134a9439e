// kill -9 of an edge, and of the recorder, in the middle of an audience: nothing acknowledged is lost, nobody counts twice.
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { runAudience, type AudiencePoll } from "../../edge/cli/audience/audience.ts";
import { readBooks } from "../../edge/cli/audience/books.ts";
import { SAMPLE_SHOW } from "../../edge/cli/sample-show.ts";
import { membersOf } from "../../edge/cli/verify/command.ts";
import { pollText } from "../../edge/cli/verify/poll-report.ts";
import { verifyShow } from "../../edge/cli/verify/verify.ts";
import { startNetwork, type TestNetwork } from "../support/network.ts";
import { until } from "../support/processes.ts";

const { id: SHOW, polls } = SAMPLE_SHOW;
const POLL: AudiencePoll = { id: polls[0].id, mode: "last", votes: 1, options: polls[0].options.map(({ id }) => id) };
const RECEIVERS = 1800;

let net: TestNetwork | undefined;
afterEach(async () => {
  await net?.end();
  net = undefined;
});

test.for(["fra", "recorder"])("%s is killed under load", async (victim) => {
  net = await startNetwork("deno");
  const { folder, network } = net;
  const api = net.api("nyc");
  await api.createShow(SAMPLE_SHOW);
  expect(await network.whenWhole(30_000)).toBe(true);
  await api.command(SHOW, POLL.id, "arm");
  await api.command(SHOW, POLL.id, "open");
  let killed: number | undefined;
  const books = join(folder.booksFolder, "test.ndjson");
  const report = await runAudience({
    edges: folder.edges,
    secret: folder.secret(),
    show: SHOW,
    poll: POLL,
    receivers: RECEIVERS,
    rate: 600,
    seed: 2,
    books,
    onprogress: ({ finished }) => {
      if (finished > RECEIVERS / 4) killed ??= network.kill(victim);
    },
  });
  expect(killed).toBeDefined();
  expect(report).toMatchObject({ ok: true, receivers: RECEIVERS });
  expect(await network.whenWhole(30_000)).toBe(true);
  await api.command(SHOW, POLL.id, "close");
  for (const { name } of folder.edges)
    await until(
      `the final at ${name}`,
      async () => (await net!.api(name).show(SHOW)).polls.find(({ id }) => id === POLL.id)?.final,
    );
  const verified = await verifyShow({ ...membersOf(folder), show: SHOW, books: [readBooks(books)] });
  expect(verified.ok, verified.polls.map(pollText).join("\n")).toBe(true);
});
