import { equalBytes } from "../../../crdt/bytes.ts";
import { masked } from "../address.ts";
import type { ClientSubnet } from "./message.ts";

/** Code of the option, RFC 7871, 6. */
export const CLIENT_SUBNET = 8;

const ADDRESS_BYTES = { 0: 0, 1: 4, 2: 16 } as const;

/**
 * Reads the option's data from a query. Undefined where it is malformed, which is a FORMERR (7.1.2): an unknown family,
 * too many bits, a scope that is not 0, an address of another length than its bits need, or with bits beyond them.
 */
export function readClientSubnet(data: Uint8Array): ClientSubnet | undefined {
  const [high, family, sourceBits, scope] = data;
  if (high !== 0 || scope !== 0 || sourceBits === undefined) return undefined;
  if (family !== 0 && family !== 1 && family !== 2) return undefined;
  const length = ADDRESS_BYTES[family];
  const told = data.subarray(4);
  if (sourceBits > length * 8 || told.length !== Math.ceil(sourceBits / 8)) return undefined;
  const address = new Uint8Array(length);
  address.set(told);
  return equalBytes(masked(address, sourceBits), address) ? { family, sourceBits, address } : undefined;
}

/** Bytes of the option's data. */
export function clientSubnetLength({ sourceBits }: ClientSubnet): number {
  return 4 + Math.ceil(sourceBits / 8);
}

/** The option's data for an answer: what came, and the scope. */
export function writeClientSubnet(subnet: ClientSubnet, scopeBits: number): Uint8Array {
  const data = new Uint8Array(clientSubnetLength(subnet));
  data[1] = subnet.family;
  data[2] = subnet.sourceBits;
  data[3] = scopeBits;
  data.set(subnet.address.subarray(0, data.length - 4), 4);
  return data;
}
