import { publicKeyHex } from "../../../crdt/replicate/introduction.ts";
import { derivedIdentity, objectEdgeName } from "../../derived-identity.ts";
import { LINK_PATH } from "../../runtime/host/door.ts";

/** A network's Durable Objects, as somebody elsewhere has to know them. */
export interface ObjectNetwork {
  /** Where the Worker is. */
  readonly address: string;
  readonly regions: readonly string[];
  /** Edge objects a region. */
  readonly objects: number;
  /** The network's secret. */
  readonly network: Uint8Array;
  /** It has an order processor. */
  readonly sells?: boolean;
}

/** The objects as "peers" of a member on a machine of its own: edges that it can dial, and processes, which dial it. */
export function objectPeers({ address, regions, objects, network, sells = false }: ObjectNetwork) {
  const at = address.replace(/^http/, "ws").replace(/\/$/, "");
  const edges = regions.flatMap((region) =>
    Array.from({ length: objects }, (_, index) => {
      const name = objectEdgeName(region, index);
      const key = publicKeyHex(derivedIdentity(name, "edge", network));
      return { name, role: "edge", key, address: `${at}/backbone/${name}${LINK_PATH}` };
    }),
  );
  const processes = sells ? ["recorder", "orders"] : ["recorder"];
  const keyOf = (name: string) => publicKeyHex(derivedIdentity(name, "process", network));
  return [...edges, ...processes.map((name) => ({ name, role: name, key: keyOf(name) }))];
}
