// The red-button application as it is built, against the edge's own application, on a television of 2012.
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";
import { OldTelevision, SCRIPT, type Sent } from "../../support/old-television.ts";
import { Harness } from "../edge/harness.ts";

const RED = 403;
const isBallot = ({ path }: Sent) => path.endsWith("/ballots");

/** A set whose application is open on poll `poll`. */
async function watching({ poll = "secret", canStore = true } = {}) {
  const harness = new Harness();
  await harness.open(poll);
  const tv = new OldTelevision(harness);
  tv.canStore = canStore;
  tv.switchOn();
  await tv.run();
  tv.key(RED);
  return { harness, tv };
}

test("the script is ES5", () => {
  const { program, errors } = parseSync("tv.js", SCRIPT, { sourceType: "script" });
  expect(errors).toEqual([]);
  const newer =
    /^(Arrow|Class|ForOf|Template|TaggedTemplate|Spread|Rest|ObjectPattern|ArrayPattern|AssignmentPattern|Await|Yield|Chain|Import|Export|Super|MetaProperty)/;
  const found: string[] = [];
  JSON.stringify(program, (_key, node: unknown) => {
    if (typeof node !== "object" || node === null || !("type" in node) || typeof node.type !== "string") return node;
    const isLet = node.type === "VariableDeclaration" && "kind" in node && node.kind !== "var";
    const isShort =
      node.type === "Property" && (("shorthand" in node && node.shorthand) || ("method" in node && node.method));
    if (newer.test(node.type) || isLet || isShort) found.push(node.type);
    return node;
  });
  expect(found).toEqual([]);
});

test("the page's address is read as far as it can be", async () => {
  const harness = new Harness();
  await harness.open("secret");
  const tv = new OldTelevision(harness);
  const search = "?show=demo&lang=100%&hls=http://cdn.test/live.m3u8?key=a=b";
  tv.switchOn({ location: { search, hash: "", protocol: "http:", host: "fra.test" } });
  await tv.run();
  tv.key(RED);
  expect(tv.status).toContain("Choose with a number");
  expect(tv.sent.map(({ path }) => path)).toContain("/live.m3u8?key=a=b");
});

describe("a press", () => {
  test("is counted only after its receipt", async () => {
    const { tv } = await watching();
    expect(tv.status).toContain("Choose with a number");
    tv.press(2);
    expect(tv.status).toContain("Sending your vote …");
    await tv.run();
    expect(tv.status).toContain("Counted for No|Receipt RB-000001");
    tv.press(2);
    tv.press(1);
    await tv.run();
    expect(tv.ballots()).toEqual(['{"option":"no","press":1,"k":1}', '{"option":"yes","press":2,"k":1}']);
    expect(tv.status).toContain("Changed to Yes|Counted · Receipt RB-000002");
  });

  test("means nothing while the application is closed", async () => {
    const { tv } = await watching();
    tv.key(RED);
    tv.press(1);
    await tv.run();
    expect(tv.ballots()).toEqual([]);
  });

  test("keeps its number when it is sent again", async () => {
    const { harness, tv } = await watching();
    tv.loses = isBallot;
    tv.press(1);
    await tv.run();
    expect(tv.ballots()).toEqual(['{"option":"yes","press":1,"k":1}', '{"option":"yes","press":1,"k":1}']);
    expect(harness.show.counts("secret")).toEqual({ anonymous: [1, 0], signed: [0, 0] });
  });

  test("is sent after the set was switched off, by the same receiver", async () => {
    const { harness, tv } = await watching();
    tv.loses = isBallot;
    tv.press(1);
    await tv.run(0);
    tv.switchOn();
    await tv.run();
    tv.key(RED);
    expect(tv.status).toContain("Counted for Yes|Receipt RB-000001");
    expect(harness.show.counts("secret")).toEqual({ anonymous: [1, 0], signed: [0, 0] });
    expect(new Set(tv.sent.filter(isBallot).map(({ token }) => token)).size).toBe(1);
  });

  test("of a set that has forgotten is numbered past the known one", async () => {
    const { harness, tv } = await watching();
    tv.press(1);
    await tv.run();
    tv.storage.delete("redbutton-votes-demo");
    tv.switchOn();
    await tv.run();
    tv.key(RED);
    tv.press(2);
    await tv.run();
    expect(tv.ballots().slice(1)).toEqual(['{"option":"no","press":1,"k":1}', '{"option":"no","press":2,"k":1}']);
    expect(harness.show.counts("secret")).toEqual({ anonymous: [0, 1], signed: [0, 0] });
    tv.press(1);
    await tv.run();
    expect(tv.ballots().at(-1)).toBe('{"option":"yes","press":3,"k":1}');
  });

  test("that came too late is not counted, and the page says so and why", async () => {
    const { harness, tv } = await watching();
    await harness.show.deeds.close("secret", "ann");
    harness.world.time += 5000;
    tv.press(1);
    await tv.run();
    expect(tv.status).toBe("Not counted|The vote had closed when it came");
    expect(tv.sent.some(({ path }) => path.endsWith("/mine"))).toBe(false);
  });

  test("that came too late leaves the earlier one in force, and the page says so", async () => {
    const { harness, tv } = await watching();
    tv.press(2);
    await tv.run();
    await harness.show.deeds.close("secret", "ann");
    harness.world.time += 5000;
    tv.press(1);
    await tv.run();
    expect(tv.status).toBe("Not counted. The vote had closed when it came|Your vote for No still counts");
  });

  test("whose answer was lost before the poll closed is told from an uncounted one", async () => {
    const { harness, tv } = await watching();
    tv.loses = isBallot;
    tv.press(1);
    await tv.run(0);
    await harness.show.deeds.close("secret", "ann");
    harness.world.time += 5000;
    await tv.run();
    expect(tv.status).toContain("Counted for Yes|The receipt was lost on its way");
  });

  test("where the first counts is one, whatever comes after it", async () => {
    const { harness, tv } = await watching({ poll: "once" });
    tv.press(1);
    await tv.run();
    tv.press(2);
    await tv.run();
    expect(tv.ballots()).toHaveLength(1);
    expect(harness.show.counts("once")).toEqual({ anonymous: [1, 0], signed: [0, 0] });
    tv.storage.delete("redbutton-votes-demo");
    tv.switchOn();
    await tv.run();
    tv.key(RED);
    tv.press(2);
    await tv.run();
    expect(tv.status).toBe("Not counted|You have voted before, and the first choice counts");
  });

  test("where there are three votes takes the next, and then the oldest one's place", async () => {
    const { harness, tv } = await watching({ poll: "three" });
    for (const digit of [1, 1, 2, 2]) {
      tv.press(digit);
      await tv.run();
    }
    expect(tv.ballots().map((body) => (JSON.parse(body) as { k: number }).k)).toEqual([1, 2, 3, 1]);
    expect(harness.show.counts("three")).toEqual({ anonymous: [1, 2], signed: [0, 0] });
  });
});

describe("a receiver", () => {
  test("asks for one token, whatever it has to send at once", async () => {
    const { tv } = await watching();
    tv.press(1);
    await tv.run();
    expect(tv.sent.filter(({ path }) => path === "/v1/receivers")).toHaveLength(1);
  });

  test("that may not store anything is one receiver all the same", async () => {
    const { harness, tv } = await watching({ canStore: false });
    tv.press(1);
    await tv.run();
    tv.press(2);
    await tv.run();
    expect(harness.show.counts("secret")).toEqual({ anonymous: [0, 1], signed: [0, 0] });
    expect(harness.show.arrived.size).toBe(1);
  });

  test("whose storage is full remembers what came last", async () => {
    const { tv } = await watching();
    tv.press(1);
    await tv.run();
    tv.isFull = true;
    tv.press(2);
    await tv.run();
    tv.switchOn();
    await tv.run();
    tv.key(RED);
    expect(tv.status).toContain("Changed to No");
  });

  test("renews its token by the edge's clock, and stays the same receiver", async () => {
    const { harness, tv } = await watching();
    harness.world.time += 13 * 3_600_000;
    await tv.run();
    harness.world.time += 13 * 3_600_000;
    await tv.run();
    expect(harness.show.arrived.size).toBe(1);
    expect(tv.sent.filter(({ path }) => path === "/v1/receivers").length).toBeGreaterThan(1);
  });
});

describe("an HbbTV set", () => {
  /** What the set was told, and the listener for its stream events. */
  function hbbtvSet() {
    const keysets: number[] = [];
    const events: { target: string; name: string; listener: (event: object) => void }[] = [];
    let shown = 0;
    const application = {
      show: () => (shown += 1),
      privateData: { keyset: { setValue: (value: number) => keysets.push(value) } },
    };
    const factory = {
      createApplicationManagerObject: () => ({ getOwnerApplication: () => application }),
      createVideoBroadcastObject: () => ({
        bindToCurrentChannel: () => {},
        addStreamEventListener: (target: string, name: string, listener: (event: object) => void) =>
          events.push({ target, name, listener }),
      }),
    };
    return {
      globals: { oipfObjectFactory: factory, VK_RED: 1001, VK_GREEN: 1002 },
      keysets,
      events,
      shown: () => shown,
    };
  }

  async function onAir() {
    const harness = new Harness();
    await harness.open("secret");
    const tv = new OldTelevision(harness);
    const set = hbbtvSet();
    tv.switchOn(set.globals);
    await tv.run();
    return { tv, set };
  }

  test("is left all keys but red until the application is open, by its own names of them", async () => {
    const { tv, set } = await onAir();
    expect(set.shown()).toBe(1);
    expect(set.keysets).toEqual([0x1]);
    tv.key(1001);
    expect(set.keysets.at(-1)).toBe(0x11f);
    tv.key(1002);
    await tv.run();
    expect(tv.ballots()).toEqual(['{"option":"yes","press":1,"k":1}']);
    tv.key(1001);
    expect(set.keysets.at(-1)).toBe(0x1);
  });

  test("shows a cue of the broadcast once, however often it comes", async () => {
    const { tv, set } = await onAir();
    expect(set.events).toMatchObject([{ target: "http://fra.test/hbbtv/cue.xml", name: "cue" }]);
    const text = JSON.stringify([1, "demo", "0123456789abcdef", "t", "10,000 viewers", 1764097200123, 8]);
    set.events[0]!.listener({ status: "trigger", text });
    expect(tv.element("cue").className).not.toContain("hidden");
    expect(tv.element("cue-text").textContent).toBe("10,000 viewers");
    await tv.run(1);
    expect(tv.element("cue").className).toContain("hidden");
    set.events[0]!.listener({ status: "trigger", text });
    expect(tv.element("cue").className).toContain("hidden");
  });

  test.for([
    ["another version", [2, "demo", "c", "t", "x", 1, 8]],
    ["another show's", [1, "other", "c", "t", "x", 1, 8]],
    ["another kind", [1, "demo", "c", "z", "x", 1, 8]],
    ["content that is not published", [1, "demo", "c", "c", "x", 1, 8]],
    ["no array", { cue: 1 }],
  ])("passes over a cue that is %s", async ([, payload]) => {
    const { tv, set } = await onAir();
    set.events[0]!.listener({ status: "trigger", text: JSON.stringify(payload) });
    set.events[0]!.listener({ status: "trigger", text: "{" });
    set.events[0]!.listener({ status: "error", text: "" });
    expect(tv.element("cue").className).toContain("hidden");
  });
});
