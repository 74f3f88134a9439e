import { describe, expect, test } from "vitest";
import { Buckets, type Limit } from "../../../edge/limits.ts";
import { RecentMap } from "../../../edge/recent.ts";
import { clientNetwork } from "../../../edge/subnet.ts";

const limit: Limit = { burst: 3, perSecond: 2 };

function buckets(capacity?: number) {
  const time = { now: 1_800_000_000_000 };
  return { time, buckets: new Buckets(limit, { now: () => time.now }, capacity) };
}

describe("a bucket", () => {
  test("gives its burst at once, and not one more", () => {
    const { buckets: b } = buckets();
    expect([b.take("a"), b.take("a"), b.take("a")]).toEqual([0, 0, 0]);
    expect(b.take("a")).toBe(500);
    expect(b.take("other")).toBe(0);
  });

  test("gives the next at its rate, to the millisecond", () => {
    const { buckets: b, time } = buckets();
    for (let i = 0; i < limit.burst; i++) b.take("a");
    time.now += 499;
    expect(b.take("a")).toBe(1);
    time.now += 1;
    expect(b.take("a")).toBe(0);
    expect(b.take("a")).toBe(500);
  });

  test("fills up to its burst and no further", () => {
    const { buckets: b, time } = buckets();
    b.take("a");
    time.now += 3_600_000;
    expect([b.take("a"), b.take("a"), b.take("a"), b.take("a")]).toEqual([0, 0, 0, 500]);
  });

  test("is not emptied by those who are refused or only look", () => {
    const { buckets: b, time } = buckets();
    for (let i = 0; i < 100; i++) b.take("a");
    for (let i = 0; i < 100; i++) b.wait("a");
    time.now += 500;
    expect(b.take("a")).toBe(0);
  });

  test("stays usable when the clock jumps back an hour, and forgives when it jumps ahead", () => {
    const { buckets: b, time } = buckets();
    for (let i = 0; i < limit.burst; i++) b.take("a");
    time.now -= 3_600_000;
    expect(b.take("a")).toBe(500);
    time.now += 500;
    expect(b.wait("a")).toBe(0);
    expect(b.take("a")).toBe(0);
    time.now += 7_200_000;
    expect(b.take("a")).toBe(0);
  });
});

test("where buckets are many, those that are nearly full are forgotten first, and nobody is refused for another", () => {
  const { buckets: b } = buckets(8);
  for (let i = 0; i < limit.burst; i++) b.take("greedy");
  for (let i = 0; i < 1000; i++) {
    expect(b.take(`viewer ${i}`)).toBe(0);
    expect(b.take("greedy")).toBe(500);
  }
});

describe("what is remembered", () => {
  test("is bounded, and keeps what was used last", () => {
    const map = new RecentMap<number>(10);
    map.set("kept", -1);
    for (let i = 0; i < 1000; i++) {
      map.set(`key ${i}`, i);
      expect(map.get("kept")).toBe(-1);
      expect(map.size).toBeLessThanOrEqual(20);
    }
    expect(map.get("key 999")).toBe(999);
    expect(map.get("key 100")).toBeUndefined();
  });
});

test.for<[address: string, own: string, subnet: string]>([
  ["192.0.2.7", "192.0.2.7", "192.0.2.0/24"],
  ["::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"],
  ["2001:0DB8:0001::7", "2001:db8:1:0::/64", "2001:db8:1::/48"],
  ["[2001:db8::1]", "2001:db8:0:0::/64", "2001:db8:0::/48"],
  ["fe80::1%eth0", "fe80:0:0:0::/64", "fe80:0:0::/48"],
  ["::1", "0:0:0:0::/64", "0:0:0::/48"],
  ["1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9"],
  ["1::2::3", "1::2::3", "1::2::3"],
  ["1:2:3:4:5:6:7::8:9", "1:2:3:4:5:6:7::8:9", "1:2:3:4:5:6:7::8:9"],
  ["1:2:3", "1:2:3", "1:2:3"],
  ["unknown", "unknown", "unknown"],
])("%s is one of %s in %s", ([address, own, subnet]) => {
  expect(clientNetwork(address)).toEqual({ address: own, subnet });
});
