// An encoder whose journal has no room any more, in its middle or from its start: cues are refused, the stream goes on,
// and with room cues go out again.
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { CueJournal } from "../../monitor/encoder/journal.ts";
import { RESULT } from "../../monitor/encoder/scte104/reader.ts";
import { cueOf } from "../support/cues.ts";
import { mountSmallDisk, type SmallDisk } from "../support/database.ts";
import { EncoderGround, eventIdsIn, HOST, untilUp } from "../support/encoder.ts";
import { PICTURE_FILE } from "../support/inserter.ts";
import { endAll, until } from "../support/processes.ts";
import { checkStream } from "../support/ts-check.ts";

const disk = mountSmallDisk(2 ** 20);
const why = typeof disk === "string" ? disk : undefined;
const ground = new EncoderGround();
/** More cues than the page that the journal's last line stands in has room for. */
const MOST_CUES = 30;

test.skipIf(why !== undefined)(
  `a full disk costs no stream: cues are refused until there is room, and none that was taken is lost${why ? ` (${why})` : ""}`,
  async () => {
    const { folder, fill, free } = disk as SmallDisk;
    const journal = join(folder, "encoder.journal");
    const [port] = await freePorts(1);
    const receiver = await ground.listen();
    const encoder = ground.start("a", {
      in: `loop:${PICTURE_FILE}`,
      out: `udp://${HOST}:${receiver.port}`,
      listen: `${HOST}:${port}`,
      journal,
    });
    await untilUp(encoder);
    const automation = ground.automation(port!);
    const taken: number[] = [];
    const inject = async (n: number) => {
      await automation.inject(cueOf(n));
      taken.push(n);
    };
    const isRefused = () => ground.said.some((line) => line.includes(`the injector answered ${RESULT.failed}`));
    await inject(0);

    fill();
    // What room there was in the journal's last page is used up first.
    let waiting = Promise.resolve();
    for (let n = 1; n < MOST_CUES && !isRefused(); n++) {
      waiting = inject(n);
      await until("an answer", () => taken.includes(n) || isRefused());
    }
    expect(isRefused()).toBe(true);
    const refused = taken.length;
    expect(encoder.output()).toContain("a SCTE 104 message was not taken");
    const before = receiver.packets;
    await until("the stream to go on", () => receiver.packets > before + 500);
    expect(taken).toHaveLength(refused);
    expect(eventIdsIn(receiver.stream)).toEqual(taken.map((n) => cueOf(n).eventId));

    free();
    await waiting;
    await inject(MOST_CUES);
    await until("the last cue", () => eventIdsIn(receiver.stream).includes(cueOf(MOST_CUES).eventId));
    const { problems } = checkStream(receiver.stream);
    expect(problems).toEqual([]);
    expect(eventIdsIn(receiver.stream)).toEqual(taken.map((n) => cueOf(n).eventId));
    encoder.signal("SIGKILL");
    await encoder.exited;
    const { journal: kept, records } = await CueJournal.open(journal, 0);
    await kept.close();
    expect(records.map(({ key }) => key)).toEqual(taken.map((n) => expect.stringContaining(cueOf(n).id.slice(0, 16))));
  },
);

test.skipIf(why !== undefined)(
  `an encoder that is started again on a full disk passes the stream on, knows what it had, and takes cues once it can${why ? ` (${why})` : ""}`,
  async () => {
    const { folder, fill, free } = disk as SmallDisk;
    free();
    const journal = join(folder, "again.journal");
    const [port, status] = await freePorts(2);
    const config = { in: `loop:${PICTURE_FILE}`, listen: `${HOST}:${port}`, status: `${HOST}:${status}`, journal };
    const automation = ground.automation(port!);
    const first = ground.start("first", { ...config, out: `udp://${HOST}:${(await ground.listen()).port}` });
    await untilUp(first);
    await automation.inject(cueOf(0));

    fill();
    first.signal("SIGKILL");
    await first.exited;
    const receiver = await ground.listen();
    const second = ground.start("second", { ...config, out: `udp://${HOST}:${receiver.port}` });
    await untilUp(second);
    expect(second.output()).toContain("cues are refused until there is room");
    await until("the stream", () => receiver.packets > 500);
    const problems = [expect.stringMatching(/again\.journal" cannot be written: .*ENOSPC/)];
    expect(await healthAt(status!)).toMatchObject({ ok: false, problems });
    await automation.inject(cueOf(0));
    const refusals = () => ground.said.filter((line) => line.includes(`answered ${RESULT.failed}`)).length;
    const before = refusals();
    const taken = automation.inject(cueOf(1));
    await until("a refusal", () => refusals() > before);
    expect(second.output()).toContain("ENOSPC");

    free();
    await taken;
    await until("health", async () => ((await healthAt(status!)) as { ok: boolean }).ok);
    await until("the cue", () => eventIdsIn(receiver.stream).includes(cueOf(1).eventId));
    expect(checkStream(receiver.stream).problems).toEqual([]);
    // The first may go out again: its time had perhaps not passed.
    expect(eventIdsIn(receiver.stream).filter((id) => id !== cueOf(0).eventId)).toEqual([cueOf(1).eventId]);
    second.signal("SIGKILL");
    await second.exited;
    const { journal: kept, records } = await CueJournal.open(journal, 0);
    await kept.close();
    expect(records.map(({ key }) => key)).toEqual([0, 1].map((n) => expect.stringContaining(cueOf(n).id.slice(0, 16))));
  },
);

async function healthAt(port: number): Promise<unknown> {
  return (await fetch(`http://${HOST}:${port}/healthz`)).json();
}

afterAll(async () => {
  await endAll();
  ground.end();
  if (typeof disk !== "string") disk.remove();
});
