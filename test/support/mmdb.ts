// Writes databases in MaxMind's format (MMDB 2.0), so that tests need none of anybody else's.
import { bitAt, parseNetwork, type Network } from "../../edge/steering/address.ts";

export interface MmdbEntry {
  readonly network: string;
  readonly country: string;
  readonly latitude?: number;
  readonly longitude?: number;
}

type Node = [Branch, Branch];
/** A node, an entry's number, or nothing. */
type Branch = Node | number | undefined;

/** A city database, or a country database where no entry has a place. IPv4 lies below ::/96, as everywhere. */
export function writeMmdb(entries: readonly MmdbEntry[]): Buffer {
  const root: Node = [undefined, undefined];
  entries.forEach((entry, i) => insert(root, inV6(parseNetwork(entry.network)!), i));
  const nodes = numbered(root);
  const data: Buffer[] = [];
  const offsets = entries.map((entry) => {
    const offset = data.reduce((sum, part) => sum + part.length, 0);
    data.push(map(contentsOf(entry)));
    return offset;
  });
  const pointer = (branch: Branch) => {
    if (branch === undefined) return nodes.size;
    return typeof branch === "number" ? nodes.size + 16 + offsets[branch]! : nodes.get(branch)!;
  };
  const tree = Buffer.alloc(nodes.size * 8);
  for (const [node, i] of nodes) node.forEach((branch, side) => tree.writeUInt32BE(pointer(branch), i * 8 + side * 4));
  const isCity = entries.some(({ latitude }) => latitude !== undefined);
  return Buffer.concat([tree, Buffer.alloc(16), ...data, METADATA_MARK, metadata(nodes.size, isCity)]);
}

const METADATA_MARK = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");

function metadata(nodeCount: number, isCity: boolean): Buffer {
  return map({
    binary_format_major_version: uint(5, 2),
    binary_format_minor_version: uint(5, 0),
    build_epoch: Buffer.concat([Buffer.of(0x08, 0x02), bytesOf(1_700_000_000, 8)]),
    database_type: text(isCity ? "GeoIP2-City" : "GeoIP2-Country"),
    description: map({ en: text("synthetic, for tests") }),
    ip_version: uint(5, 6),
    languages: Buffer.concat([Buffer.of(0x01, 0x04), text("en")]),
    node_count: uint(6, nodeCount),
    record_size: uint(5, 32),
  });
}

function contentsOf({ country, latitude, longitude }: MmdbEntry): Record<string, Buffer> {
  const location =
    latitude === undefined ? {} : { location: map({ latitude: double(latitude), longitude: double(longitude!) }) };
  return { continent: map({ code: text("EU") }), country: map({ iso_code: text(country) }), ...location };
}

function insert(root: Node, { address, bits }: Network, entry: number): void {
  let node = root;
  for (let i = 0; i < bits - 1; i++) {
    const side = bitAt(address, i);
    const next = node[side];
    node = node[side] = Array.isArray(next) ? next : [next, next];
  }
  node[bitAt(address, bits - 1)] = entry;
}

function inV6({ address, bits }: Network): Network {
  if (address.length === 16) return { address, bits };
  const long = new Uint8Array(16);
  long.set(address, 12);
  return { address: long, bits: bits + 96 };
}

function numbered(root: Node): Map<Node, number> {
  const nodes = new Map<Node, number>();
  const visit = (branch: Branch): void => {
    if (!Array.isArray(branch)) return;
    nodes.set(branch, nodes.size);
    branch.forEach(visit);
  };
  visit(root);
  return nodes;
}

function map(fields: Record<string, Buffer>): Buffer {
  const parts = Object.entries(fields).flatMap(([key, value]) => [text(key), value]);
  return Buffer.concat([Buffer.of(0xe0 | Object.keys(fields).length), ...parts]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40 | value.length), Buffer.from(value)]);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0x68;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** `type`: 5 for 16 bits, 6 for 32. */
function uint(type: 5 | 6, value: number): Buffer {
  const size = type === 5 ? 2 : 4;
  return Buffer.concat([Buffer.of((type << 5) | size), bytesOf(value, size)]);
}

function bytesOf(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - size);
}
