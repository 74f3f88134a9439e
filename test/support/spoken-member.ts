// A member that a test speaks for: it holds its keys and links as any other, and does and loses what the test wants.
import { Inspector } from "../../crdt/inspect/inspector.ts";
import { Member } from "../../crdt/member.ts";
import type { Dial, Socket } from "../../crdt/ports.ts";
import { decodeFrame, type Frame } from "../../crdt/replicate/frame.ts";
import { identityFrom } from "../../crdt/replicate/introduction.ts";
import { MemoryStore } from "../../crdt/store/memory.ts";
import { dialLink } from "../../edge/runtime/host/websocket.ts";
import { realWorld } from "../../edge/runtime/host/world.ts";
import type { Cluster } from "./cluster.ts";

export interface SpokenMember {
  readonly member: Member;
  /** Frames that never arrive, by the name of the member that they are for. */
  lose: (to: string, frame: Frame) => boolean;
  stop(): void;
}

/** Speaks for an edge of the cluster that has no process. */
export async function speakFor(cluster: Cluster, name: string): Promise<SpokenMember> {
  const { config: file } = cluster.folder.edges.find((edge) => edge.name === name)!;
  const { keys, peers } = cluster.folder.configOf(file);
  const spoken = { lose: (_to: string, _frame: Frame): boolean => false };
  const nameOf = (address: string) => peers.find((peer) => peer.address === address)!.name;
  const dial: Dial = async (address) => losing(await dialLink(address), (frame) => spoken.lose(nameOf(address), frame));
  const member = await Member.open({
    identity: identityFrom(name, "edge", keys.private),
    listens: false,
    peers: peers.map(({ key, role, ...peer }) => ({
      ...peer,
      role: role === "edge" ? "edge" : "process",
      publicKey: key,
    })),
    store: new MemoryStore(),
    world: realWorld(() => {}),
    dial,
    subscribe: (shards) => Array.from({ length: shards }, (_, shard) => shard),
  });
  const inspector = new Inspector(member);
  member.answerer = (question) => inspector.answer(question);
  member.start();
  return Object.assign(spoken, { member, stop: () => member.stop() });
}

function losing(socket: Socket, isLost: (frame: Frame) => boolean): Socket {
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (message) => {
      if (typeof message === "string" || !isLost(decodeFrame(message))) socket.send(message);
    },
    close: (code, reason) => socket.close(code, reason),
    set onmessage(listener: Socket["onmessage"]) {
      socket.onmessage = listener;
    },
    set onclose(listener: Socket["onclose"]) {
      socket.onclose = listener;
    },
  };
}
