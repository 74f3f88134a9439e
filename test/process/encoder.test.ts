// The encoder as a program: cues over a bad line, over crashes, and over from one encoder to the other.
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { MessageFraming } from "../../monitor/encoder/scte104/framing.ts";
import { decodeMessage, encodeMessage, OP } from "../../monitor/encoder/scte104/message.ts";
import { RESULT } from "../../monitor/encoder/scte104/reader.ts";
import { cueOf } from "../support/cues.ts";
import { EncoderGround, eventIdsIn, firingsIn, HOST, untilUp } from "../support/encoder.ts";
import { PICTURE_FILE } from "../support/inserter.ts";
import { endAll, isAlive, until } from "../support/processes.ts";
import { Proxy } from "../support/proxy.ts";
import { checkStream } from "../support/ts-check.ts";

const LOOP = `loop:${PICTURE_FILE}`;
const cues = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => cueOf(from + i));
const idsOf = (list: readonly { readonly eventId: number }[]) => list.map(({ eventId }) => eventId);

let ground: EncoderGround;
beforeEach(() => {
  ground = new EncoderGround();
});
afterEach(async () => {
  await endAll();
  ground.end();
});

test("cues come through a line that is slow, that is cut, and that swallows; each is in the signal once", async () => {
  const [port] = await freePorts(1);
  const out = ground.path("out.m2t");
  const encoder = ground.start("a", { in: LOOP, out, listen: `${HOST}:${port}` });
  await untilUp(encoder);
  const proxy = await Proxy.listen(port!);
  const automation = ground.automation(proxy.port);
  try {
    proxy.become({ is: "slow", ms: 40 });
    for (const cue of cues(0, 3)) await automation.inject(cue);
    const cut = automation.inject(cueOf(3));
    proxy.become({ is: "refusing" });
    const more = Promise.all(cues(4, 7).map((cue) => automation.inject(cue)));
    proxy.become({ is: "open" });
    await Promise.all([cut, more]);
    proxy.become({ is: "black hole" });
    const swallowed = automation.inject(cueOf(7));
    // It is sent again on another connection, once nobody has answered; both may arrive in the end.
    await expect(Promise.race([swallowed, Promise.resolve("waits")])).resolves.toBe("waits");
    proxy.become({ is: "open" });
    await swallowed;
  } finally {
    await proxy.close();
  }
  encoder.signal("SIGTERM");
  expect(await encoder.exited).toBe(0);
  const stream = new Uint8Array(readFileSync(out));
  expect(checkStream(stream).problems).toEqual([]);
  expect(eventIdsIn(stream).toSorted((a, b) => a - b)).toEqual(idsOf(cues(0, 8)));
});

test("a message that comes a byte at a time is taken; what is no SCTE 104 is refused, and harms nobody", async () => {
  const [port] = await freePorts(1);
  const encoder = ground.start("a", { in: LOOP, out: ground.path("out.m2t"), listen: `${HOST}:${port}` });
  await untilUp(encoder);
  const asked = {
    kind: "single",
    op: OP.aliveRequest,
    result: RESULT.none,
    asIndex: 1,
    number: 9,
    pidIndex: 0,
  } as const;
  const socket = connect(port!, HOST);
  const answers: number[] = [];
  const framing = new MessageFraming();
  socket.on("data", (chunk) => {
    for (const bytes of framing.push(chunk)) {
      const message = decodeMessage(bytes);
      if (message.kind === "single") answers.push(message.op, message.result, message.number);
    }
  });
  socket.setNoDelay(true);
  for (const byte of encodeMessage({ ...asked, data: new Uint8Array() })) {
    socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until("the answer", () => answers.length === 3);
  expect(answers.splice(0)).toEqual([OP.aliveResponse, RESULT.successful, 9]);
  const other = encodeMessage({
    kind: "multiple",
    asIndex: 1,
    number: 200,
    pidIndex: 77,
    time: { type: "immediate" },
    operations: [{ op: "splice_null" }],
  });
  socket.write(other);
  await until("the answer", () => answers.length === 3);
  expect(answers.splice(0)).toEqual([OP.injectResponse, RESULT.unknownPid, 200]);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write("GET / HTTP/1.1\r\n\r\n");
  await closed;
  await ground.automation(port!).inject(cueOf(1));
  encoder.signal("SIGTERM");
  expect(await encoder.exited).toBe(0);
});

test("an encoder whose journal cannot be opened does not start, and says so", async () => {
  const [port] = await freePorts(1);
  const encoder = ground.start("a", {
    in: LOOP,
    out: ground.path("out.m2t"),
    listen: `${HOST}:${port}`,
    journal: "/dev/full/x",
  });
  expect(await encoder.exited).not.toBe(0);
  expect(encoder.output()).toContain("opening the encoder's journal");
});

test("an encoder that is killed loses no cue that it took, and makes no other of one", async () => {
  const [port] = await freePorts(1);
  const streams: Uint8Array[] = [];
  const taken: number[] = [];
  for (let life = 0; life < 3; life++) {
    const out = ground.path(`out-${life}.m2t`);
    const encoder = ground.start("a", { in: LOOP, out, listen: `${HOST}:${port}` });
    await untilUp(encoder);
    const automation = ground.automation(port!);
    const burst = cues(life * 20, life * 20 + 20).map(async (cue) => {
      await automation.inject(cue);
      taken.push(cue.eventId);
    });
    // Whatever it is doing then.
    await until("some cues", () => taken.length > life * 20 + 3);
    encoder.signal("SIGKILL");
    await Promise.allSettled([encoder.exited]);
    automation.stop();
    await Promise.allSettled(burst);
    streams.push(wholePackets(readFileSync(out)));
  }
  const out = ground.path("out-last.m2t");
  const last = ground.start("a", { in: LOOP, out, listen: `${HOST}:${port}` });
  await untilUp(last);
  const [first] = taken;
  await ground.automation(port!).inject(cueOf(first! - 1));
  last.signal("SIGTERM");
  await last.exited;
  streams.push(wholePackets(readFileSync(out)));

  for (const stream of streams) expect(checkStream(stream).problems).toEqual([]);
  const seen = new Set(streams.flatMap(eventIdsIn));
  expect(taken.filter((eventId) => !seen.has(eventId))).toEqual([]);
  // In each life a cue goes out once, and in all of them under one version of the stream event.
  for (const stream of streams) expect(new Set(eventIdsIn(stream)).size).toBe(eventIdsIn(stream).length);
  const versions = new Map<string, number>();
  for (const { cue, version } of streams.flatMap(firingsIn)) {
    expect(versions.get(cue) ?? version).toBe(version);
    versions.set(cue, version);
  }
});

test("when the encoder that sends is killed, its partner goes on: no cue is lost, none is another", async () => {
  const [inA, inB, cuesA, cuesB, ownA, ownB] = await freePorts(6);
  const receiver = await ground.listen();
  const out = `udp://${HOST}:${receiver.port}`;
  const [atA, atB] = [`${HOST}:${ownA}`, `${HOST}:${ownB}`];
  const a = ground.start("a", {
    in: `udp://${HOST}:${inA}`,
    out,
    listen: `${HOST}:${cuesA}`,
    partner: { own: atA, other: atB },
  });
  const b = ground.start("b", {
    in: `udp://${HOST}:${inB}`,
    out,
    listen: `${HOST}:${cuesB}`,
    partner: { own: atB, other: atA },
  });
  ground.sendPicture(inA!, inB!);
  const [active, standby] = await until("one that sends", () => {
    if (/this encoder is standby/.test(b.output()) && /encoder is up/.test(a.output())) return [a, b] as const;
    return /this encoder is standby/.test(a.output()) && /encoder is up/.test(b.output())
      ? ([b, a] as const)
      : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${a.output()}\n${b.output()}`);
  });
  // Who has not had the programme map yet does not know where cues are.
  await until("a second of the stream", () => receiver.packets > 500);
  const automation = ground.automation(cuesA!, cuesB!);
  for (const cue of cues(0, 5)) await automation.inject(cue);
  await until("the first cues", () => active.output().includes("eventId=5 "));
  const burst = cues(5, 15).map((cue) => automation.inject(cue));
  active.signal("SIGKILL");
  await Promise.all(burst);
  await until("its end", () => !isAlive(active.pid));
  await untilUp(standby);
  for (const cue of cues(15, 18)) await automation.inject(cue);
  // Reading the whole stream again and again would starve its sender, so the standby is asked first.
  await until("the last cue", () => standby.output().includes("eventId=18 "));
  await until("the last cue in the stream", () => eventIdsIn(receiver.stream).includes(18));

  expect(new Set(eventIdsIn(receiver.stream))).toEqual(new Set(idsOf(cues(0, 18))));
  // A receiver that knows cues by their names shows each once; whoever goes by versions sees no other firing either.
  const firings = firingsIn(receiver.stream);
  expect(firings).toHaveLength(new Set(firings.map(({ cue }) => cue)).size);

  const again = ground.start(active === a ? "a" : "b", {
    in: `udp://${HOST}:${active === a ? inA : inB}`,
    out,
    listen: `${HOST}:${active === a ? cuesA : cuesB}`,
    partner: active === a ? { own: atA, other: atB } : { own: atB, other: atA },
  });
  await until("the first one to stand by", () => again.output().includes("this encoder is standby"));
  standby.signal("SIGTERM");
  await untilUp(again);
});

/** A process that is killed leaves perhaps half a packet. */
function wholePackets(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.subarray(0, bytes.length - (bytes.length % 188)));
}
