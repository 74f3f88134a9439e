// The DNS server from packet to packet, with `dns-packet` as the client that reads what was answered.
import * as packet from "dns-packet";
import { describe, expect, test } from "vitest";
import { MAX_AMPLIFICATION, MAX_UDP_BYTES } from "../../../edge/cli/dns/packet.ts";
import { policyNamed } from "../../../edge/steering/policy.ts";
import { dnsScene, FRA, NYC, SYD, ZONE, zoneWith } from "../../support/dns-scene.ts";

const CLIENT = "203.0.113.9";

interface Asking {
  readonly type?: packet.RecordType | "ANY";
  readonly class?: packet.RecordClass;
  readonly flags?: number;
  /** Options of an OPT record: code → data; without it there is none. */
  readonly options?: Readonly<Record<number, readonly number[]>>;
  readonly udp?: number;
  readonly version?: number;
  readonly transport?: "udp" | "tcp";
  readonly from?: string;
}

function queryOf(name: string, asking: Asking): Buffer {
  const { type = "A", class: its = "IN", flags = packet.RECURSION_DESIRED, options, udp = 4096, version = 0 } = asking;
  const known = type === "ANY" ? "A" : type;
  const plain = packet.encode({ type: "query", id: 4711, flags, questions: [{ name, type: known, class: its }] });
  if (type === "ANY") plain.writeUInt16BE(255, plain.length - 4);
  if (!options) return plain;
  const data = Object.entries(options).flatMap(([code, bytes]) => [0, Number(code), 0, bytes.length, ...bytes]);
  plain.writeUInt16BE(1, 10);
  const opt = Buffer.of(0, 0, 41, udp >> 8, udp & 255, 0, version, 0, 0, data.length >> 8, data.length & 255, ...data);
  return Buffer.concat([plain, opt]);
}

function ask(scene: ReturnType<typeof dnsScene>, name: string, asking: Asking = {}) {
  const query = queryOf(name, asking);
  const bytes = scene.responder.respond(query, asking.from ?? CLIENT, asking.transport ?? "udp");
  if (!bytes) throw new Error("no answer came");
  const decoded = packet.decode(bytes);
  const opt = decoded.additionals?.find((record) => record.type === "OPT");
  return {
    bytes,
    decoded,
    rcode: (decoded.flags! & 15) + ((opt?.extendedRcode ?? 0) << 4),
    data: (decoded.answers ?? []).map((record) => ("data" in record ? record.data : undefined)),
    opt,
    option: (code: number) => opt?.options.find((each) => Number(each.code) === code)?.data,
  };
}

const subnet = (...bytes: number[]) => ({ options: { 8: bytes } });
const PARIS = subnet(0, 1, 24, 0, 198, 51, 100);
const KANSAS = subnet(0, 1, 24, 0, 198, 51, 101);
const OUTBACK = subnet(0, 2, 48, 0, 0x20, 1, 0xd, 0xb8, 0, 0x61);
const [NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, BADVERS] = [0, 1, 3, 4, 5, 16];

describe("the zone's own name", () => {
  test.for<[string, Asking, string, number[]]>([
    ["a client in Paris", PARIS, "192.0.2.1", [0, 1, 24, 24, 198, 51, 100]],
    ["one in Kansas", KANSAS, "192.0.2.2", [0, 1, 24, 24, 198, 51, 101]],
    ["one in Australia, over IPv6", OUTBACK, "192.0.2.3", [0, 2, 48, 48, 0x20, 1, 0xd, 0xb8, 0, 0x61]],
    ["less than a network is known by", subnet(0, 1, 8, 0, 10), "192.0.2.2", [0, 1, 8, 8, 10]],
  ])("sends %s to the nearest edge, with the scope", ([, asking, address, echoed]) => {
    const answer = ask(dnsScene(), ZONE, asking);
    expect(answer.data).toEqual([address]);
    expect(answer.decoded.flag_aa).toBe(true);
    expect(answer.decoded.answers![0]).toMatchObject({ name: ZONE, ttl: 10 });
    expect([...answer.option(8)!]).toEqual(echoed);
    expect(answer.opt).toMatchObject({ udpPayloadSize: MAX_UDP_BYTES, ednsVersion: 0 });
  });

  test("goes by the resolver's own address where no subnet is told, or one of no bits: that answer is for everyone", () => {
    const scene = dnsScene();
    expect(ask(scene, ZONE, { from: "198.51.101.7" }).data).toEqual(["192.0.2.2"]);
    const hidden = ask(scene, ZONE, { ...subnet(0, 1, 0, 0), from: "198.51.101.7" });
    expect(hidden.data).toEqual(["192.0.2.2"]);
    expect([...hidden.option(8)!]).toEqual([0, 1, 0, 0]);
    expect([...ask(scene, ZONE, subnet(0, 0, 0, 0)).option(8)!]).toEqual([0, 0, 0, 0]);
  });

  test("gives the best edge's IPv6 address, and says so where it has none", () => {
    const scene = dnsScene();
    expect(ask(scene, ZONE, { ...PARIS, type: "AAAA" }).data).toEqual(["2001:db8::1"]);
    const none = ask(scene, ZONE, { ...KANSAS, type: "AAAA" });
    expect([none.rcode, none.data, none.decoded.authorities!.map(({ type }) => type)]).toEqual([NOERROR, [], ["SOA"]]);
  });

  test("gives an IPv4 address where any edge has one, though the best may not", () => {
    const scene = dnsScene();
    scene.scene.current = { ...scene.scene.current, zone: zoneWith([{ ...FRA, v4: [] }, NYC]) };
    expect(ask(scene, ZONE, PARIS).data).toEqual(["192.0.2.2"]);
    expect(ask(scene, ZONE, { ...PARIS, type: "AAAA" }).data).toEqual(["2001:db8::1"]);
  });

  test("passes over edges that are down or drain", () => {
    const scene = dnsScene();
    const zone = zoneWith([{ ...FRA, health: "down" }, { ...NYC, admin: "draining" }, SYD]);
    scene.scene.current = { ...scene.scene.current, zone };
    expect(ask(scene, ZONE, PARIS).data).toEqual(["192.0.2.3"]);
  });

  test("takes turns where that is the policy, with a scope for all", () => {
    const scene = dnsScene();
    const zone = zoneWith([FRA, NYC, SYD], { policy: policyNamed("round-robin") });
    scene.scene.current = { ...scene.scene.current, zone };
    const given = [1, 2, 3, 4].map(() => ask(scene, ZONE).data[0]);
    expect(given).toEqual(["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"]);
  });

  test("has SOA and NS, with the addresses of nameservers within", () => {
    const scene = dnsScene();
    expect(ask(scene, ZONE, { type: "SOA" }).data).toEqual([
      expect.objectContaining({ mname: `ns1.${ZONE}`, rname: "hostmaster.example.org", serial: 1, minimum: 10 }),
    ]);
    const ns = ask(scene, ZONE, { type: "NS", transport: "tcp" });
    expect(ns.data).toEqual([`ns1.${ZONE}`, "ns2.example.net"]);
    expect(ns.decoded.additionals!.map((record) => "data" in record && record.data)).toEqual([
      "192.0.2.53",
      "2001:db8::53",
    ]);
  });
});

describe("names", () => {
  test.for<[name: string, type: packet.RecordType, rcode: number, data: readonly string[]]>([
    [`fra.edge.${ZONE}`, "A", NOERROR, ["192.0.2.1"]],
    [`nyc.edge.${ZONE}`, "AAAA", NOERROR, []],
    [`ber.edge.${ZONE}`, "A", NXDOMAIN, []],
    [`x.fra.edge.${ZONE}`, "A", NXDOMAIN, []],
    [`edge.${ZONE}`, "A", NOERROR, []],
    [`show.${ZONE}`, "A", NOERROR, []],
    [`final.show.${ZONE}`, "TXT", NOERROR, []],
    [`1.final.show.${ZONE}`, "A", NOERROR, ["192.0.2.1"]],
    [`2.final.show.${ZONE}`, "A", NXDOMAIN, []],
    [`01.final.show.${ZONE}`, "A", NXDOMAIN, []],
    [`1.1.final.show.${ZONE}`, "A", NXDOMAIN, []],
    [`constructor.show.${ZONE}`, "A", NXDOMAIN, []],
    [`ns1.${ZONE}`, "A", NOERROR, ["192.0.2.53"]],
    [`www.${ZONE}`, "A", NXDOMAIN, []],
    [`not${ZONE}`, "A", REFUSED, []],
    ["example.org", "A", REFUSED, []],
    [".", "NS", REFUSED, []],
  ])("%s %s", ([name, type, rcode, data]) => {
    const answer = ask(dnsScene(), name, { type });
    expect([answer.rcode, answer.data]).toEqual([rcode, data]);
    const isNegative = rcode === NXDOMAIN || (rcode === NOERROR && data.length === 0);
    expect(answer.decoded.authorities!.map((record) => record.type)).toEqual(isNegative ? ["SOA"] : []);
    expect(answer.decoded.flag_aa).toBe(rcode !== REFUSED);
  });

  test("a show's name gives an edge that keeps the show", () => {
    const scene = dnsScene();
    expect(ask(scene, `final.show.${ZONE}`, OUTBACK).data).not.toEqual(["192.0.2.3"]);
    expect(ask(scene, `1.final.show.${ZONE}`, KANSAS).data).toEqual(["192.0.2.1"]);
  });

  test("come back in the letters in which they were asked", () => {
    const answer = ask(dnsScene(), "tV.ExAmPlE.oRg", PARIS);
    expect(answer.data).toEqual(["192.0.2.1"]);
    expect(answer.decoded.questions![0]!.name).toBe("tV.ExAmPlE.oRg");
  });

  test("a label with a dot in it is not two labels", () => {
    const scene = dnsScene();
    const query = queryOf(`fra.edge.${ZONE}`, {});
    query[12] = 8; // "fra.edge" as one label of eight bytes
    query[16] = ".".charCodeAt(0);
    expect(packet.decode(scene.responder.respond(query, CLIENT, "udp")!).flags! & 15).toBe(REFUSED);
  });
});

describe("what is not answered as asked", () => {
  test.for<[string, Asking, number]>([
    ["a notification", { flags: 4 << 11 }, NOTIMP],
    ["another class", { class: "CH" }, REFUSED],
    ["a transfer", { type: "AXFR" }, REFUSED],
    ["a later EDNS", { options: {}, version: 1 }, BADVERS],
    ["a subnet with a scope", subnet(0, 1, 24, 24, 198, 51, 100), FORMERR],
    ["a subnet of another family", subnet(0, 3, 24, 0, 198, 51, 100), FORMERR],
    ["a subnet with bits beyond its length", subnet(0, 1, 23, 0, 198, 51, 101), FORMERR],
    ["a subnet that is too long", subnet(0, 1, 24, 0, 198, 51, 100, 7), FORMERR],
    ["a subnet that is too short", subnet(0, 1, 24, 0, 198, 51), FORMERR],
    ["a subnet of 33 bits", subnet(0, 1, 33, 0, 198, 51, 100, 1, 0), FORMERR],
    ["a subnet of 3 bytes in all", subnet(0, 1, 0), FORMERR],
    ["a cookie of 9 bytes", { options: { 10: [1, 2, 3, 4, 5, 6, 7, 8, 9] } }, FORMERR],
  ])("%s", ([, asking, rcode]) => {
    const answer = ask(dnsScene(), ZONE, asking);
    expect([answer.rcode, answer.data]).toEqual([rcode, []]);
    expect(answer.decoded.id).toBe(4711);
  });

  test("everything at once gets a little (RFC 8482)", () => {
    expect(ask(dnsScene(), ZONE, { type: "ANY" }).data).toEqual([{ cpu: "RFC8482", os: "" }]);
  });

  test("two questions, or none, or a compressed one, are no query", () => {
    const scene = dnsScene();
    const query = queryOf(ZONE, {});
    for (const count of [0, 2]) {
      query.writeUInt16BE(count, 4);
      expect(packet.decode(scene.responder.respond(query, CLIENT, "udp")!).flags! & 15).toBe(FORMERR);
    }
    const compressed = Buffer.concat([query.subarray(0, 12), Buffer.of(0xc0, 0, 0, 1, 0, 1)]);
    compressed.writeUInt16BE(1, 4);
    expect(packet.decode(scene.responder.respond(compressed, CLIENT, "udp")!).flags! & 15).toBe(FORMERR);
  });

  test("answers and scraps are left alone", () => {
    const scene = dnsScene();
    const query = queryOf(ZONE, {});
    expect(scene.responder.respond(query.subarray(0, 11), CLIENT, "udp")).toBeUndefined();
    query[2]! |= 0x80;
    expect(scene.responder.respond(query, CLIENT, "udp")).toBeUndefined();
    expect(scene.figures.of("ignored_total")).toBe(2);
  });
});

describe("over UDP", () => {
  const many = Array.from({ length: 120 }, (_, i) => `192.0.2.${i}`);

  function crowded() {
    const scene = dnsScene();
    scene.scene.current = { ...scene.scene.current, zone: zoneWith([{ ...FRA, v4: many }]) };
    return scene;
  }

  test("an answer that is longer than four times its query is truncated, and whole over TCP", () => {
    const scene = crowded();
    const short = ask(scene, ZONE, PARIS);
    expect([short.decoded.flag_tc, short.data]).toEqual([true, []]);
    expect(short.option(8)).toBeDefined();
    expect(short.bytes.length).toBeLessThanOrEqual(MAX_AMPLIFICATION * queryOf(ZONE, PARIS).length);
    expect(ask(scene, ZONE, { ...PARIS, transport: "tcp" }).data).toEqual(many);
  });

  test("whoever shows our cookie gets what it takes, up to 1232 bytes", () => {
    const scene = dnsScene();
    const first = ask(scene, ZONE, { options: { 10: [1, 2, 3, 4, 5, 6, 7, 8] } });
    const cookie = [...first.option(10)!];
    expect(cookie).toHaveLength(24);
    const withAddresses = (count: number) => {
      scene.scene.current = { ...scene.scene.current, zone: zoneWith([{ ...FRA, v4: many.slice(0, count) }]) };
    };
    withAddresses(38);
    expect(ask(scene, ZONE, { options: { 10: cookie } }).data).toHaveLength(38);
    expect(ask(scene, ZONE, { options: { 10: cookie }, udp: 600 }).decoded.flag_tc).toBe(true);
    expect(ask(scene, ZONE, { options: { 10: cookie }, from: "203.0.113.10" }).decoded.flag_tc).toBe(true);
    withAddresses(45);
    expect(ask(scene, ZONE, { options: { 10: cookie }, udp: 4096 }).decoded.flag_tc).toBe(true);
    withAddresses(38);
    scene.world.advance(3_601_000);
    expect(ask(scene, ZONE, { options: { 10: cookie } }).decoded.flag_tc).toBe(true);
  });

  test("a network that asks too often gets every second answer truncated and no other; with a cookie it gets all", () => {
    const scene = dnsScene({ answersPerNetwork: { burst: 3, perSecond: 1 } });
    const respond = (from: string, options = {}) => scene.responder.respond(queryOf(ZONE, { options }), from, "udp");
    const cookie = [
      ...ask(scene, ZONE, { options: { 10: [1, 2, 3, 4, 5, 6, 7, 8] }, from: "203.0.113.1" }).option(10)!,
    ];
    respond("203.0.113.2");
    respond("203.0.113.3");
    const outcomes = [1, 2, 3, 4].map((i) => respond(`203.0.113.${i}`));
    expect(outcomes.map((bytes) => bytes && packet.decode(bytes).flag_tc)).toEqual([undefined, true, undefined, true]);
    expect(packet.decode(respond("203.0.113.1", { 10: cookie })!).answers).toHaveLength(1);
    expect(packet.decode(respond("203.0.114.1")!).answers).toHaveLength(1);
    scene.world.advance(1000);
    expect(packet.decode(respond("203.0.113.1")!).answers).toHaveLength(1);
    expect(scene.figures.of("limited_total", "dropped")).toBe(2);
  });
});
