// From an address to a place: parsing, networks and the operator's database, each beside an oracle that is slow and plain.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { openLocator } from "../../../edge/runtime/host/geo.ts";
import { bitAt, formatAddress, masked, parseAddress, parseNetwork } from "../../../edge/steering/address.ts";
import { countryPlace } from "../../../edge/steering/countries.ts";
import { Networks } from "../../../edge/steering/networks.ts";
import { writeMmdb } from "../../support/mmdb.ts";

const folder = mkdtempSync(join(tmpdir(), "redbutton-geo-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("an address", () => {
  test.for<[string, number[] | undefined]>([
    ["192.0.2.1", [192, 0, 2, 1]],
    ["::ffff:192.0.2.1", [192, 0, 2, 1]],
    ["::ffff:c000:201", [192, 0, 2, 1]],
    ["[2001:db8::1]", [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ["fe80::1%eth0", [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ["::", Array.from({ length: 16 }, () => 0)],
    ["1.2.3", undefined],
    ["1.2.3.256", undefined],
    ["1.2.3.04", undefined],
    ["1::2::3", undefined],
    ["1:2:3:4:5:6:7", undefined],
    ["1:2:3:4:5:6:7:8:9", undefined],
    ["12345::", undefined],
    ["", undefined],
    ["example.org", undefined],
  ])("%s", ([text, bytes]) => {
    const parsed = parseAddress(text);
    expect(parsed && [...parsed]).toEqual(bytes);
    if (parsed) expect(parseAddress(formatAddress(parsed))).toEqual(parsed);
  });

  test.for(["192.0.2.1/24", "192.0.2.0/33", "192.0.2.0", "2001:db8::/129", "x/8"])("%s is no network", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});

describe("networks", () => {
  const address = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => bytes.map((byte) => byte & 0x83));
  const network = fc.tuple(address, fc.nat(32)).map(([bytes, bits]) => ({ address: masked(bytes, bits), bits }));

  test("give the longest that holds the address, and a scope within which nobody differs", () => {
    const holds = (net: { address: Uint8Array; bits: number }, at: Uint8Array) =>
      [...Array(net.bits).keys()].every((i) => bitAt(net.address, i) === bitAt(at, i));
    const check = (nets: { address: Uint8Array; bits: number }[], at: Uint8Array, other: Uint8Array) => {
      const networks = new Networks(nets.map((each, i) => [each, i] as const));
      const longest = (where: Uint8Array) =>
        nets
          .map((each, i) => ({ ...each, i }))
          .filter((each) => holds(each, where))
          .toSorted((a, b) => b.bits - a.bits || b.i - a.i)[0]?.i;
      const { value, bits } = networks.find(at);
      expect(value).toBe(longest(at));
      const ones = masked(Uint8Array.of(255, 255, 255, 255), bits);
      const sameScope = masked(at, bits).map((byte, i) => byte | (other[i]! & ~ones[i]!));
      expect(networks.find(sameScope).value).toBe(value);
    };
    fc.assert(fc.property(fc.array(network, { maxLength: 12 }), address, address, check), { seed: 7, numRuns: 2000 });
  });
});

describe("the operator's data", () => {
  const path = join(folder, "city.mmdb");
  writeFileSync(
    path,
    writeMmdb([
      { network: "192.0.2.0/24", country: "DE", latitude: 50.1, longitude: 8.7 },
      { network: "192.0.2.128/25", country: "FR", latitude: 48.9, longitude: 2.4 },
      { network: "2001:db8::/32", country: "AU" },
    ]),
  );
  const at = (text: string) => parseAddress(text)!;

  test("is read from a database: a place, a country's middle, or nothing, each with its scope", async () => {
    const locate = await openLocator({ mmdb: path, networks: [] });
    expect(locate(at("192.0.2.7"))).toEqual({
      place: { latitude: 50.1, longitude: 8.7 },
      bits: 25,
      source: "the database",
    });
    expect(locate(at("192.0.2.200")).place).toEqual({ latitude: 48.9, longitude: 2.4 });
    expect(locate(at("2001:db8:1::"))).toMatchObject({ place: countryPlace("AU"), bits: 32 });
    expect(locate(at("198.51.100.1"))).toMatchObject({ source: "not in the database" });
    expect(locate(at("198.51.100.1")).place).toBeUndefined();
  });

  test("gives way to configured networks, and the scope knows of both", async () => {
    const own = { network: "192.0.2.64/26", country: "us" };
    const locate = await openLocator({ mmdb: path, networks: [own] });
    expect(locate(at("192.0.2.100"))).toMatchObject({ place: countryPlace("US"), bits: 26 });
    expect(locate(at("192.0.2.1"))).toMatchObject({ place: { latitude: 50.1 }, bits: 26 });
    expect(locate(at("192.0.3.1"))).toMatchObject({ bits: 24 });
  });

  test("is refused where it is no database, or not there", async () => {
    writeFileSync(join(folder, "wrong.mmdb"), "no database");
    await expect(openLocator({ mmdb: join(folder, "wrong.mmdb"), networks: [] })).rejects.toThrow("wrong.mmdb");
    await expect(openLocator({ mmdb: join(folder, "none.mmdb"), networks: [] })).rejects.toThrow("none.mmdb");
  });

  test("without any, nobody is anywhere", async () => {
    expect((await openLocator({ networks: [] }))(at("192.0.2.1"))).toEqual({ bits: 0, source: "no data" });
  });
});
