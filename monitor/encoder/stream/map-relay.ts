import { u16At } from "../signal/bytes.ts";
import { counterOf, PACKET_BYTES, payloadAt, startsUnit } from "../signal/packet.ts";
import { packetize, packetsOfSection, SectionReader } from "../signal/section.ts";
import type { PacketRun } from "./packet-framing.ts";
import { PMT_TABLE_ID, type ProgrammeMap, readPmt } from "./pmt.ts";
import type { Slots } from "./slots.ts";

export interface MapRelayEvents {
  /** The section that takes this map's place; undefined where it goes on as it is. */
  extended(map: ProgrammeMap): Uint8Array | undefined;
  /** What was extended of this map has gone out. */
  onextended(map: ProgrammeMap): void;
  onbad(reason: string): void;
}

/** Passes on what comes on the PID of a programme's map: the map extended, other sections as they are. */
export class MapRelay {
  readonly programme: number;
  readonly pid: number;
  readonly #slots: Slots;
  readonly #out: PacketRun;
  readonly #events: MapRelayEvents;
  readonly #sections: SectionReader;
  /** Continuity counter of the next packet; negative before the first. */
  #counter = -1;
  /** Packets go on as they come: how much room there is, is not known yet. */
  #isPassing = false;

  constructor(programme: number, pid: number, slots: Slots, out: PacketRun, events: MapRelayEvents) {
    this.programme = programme;
    this.pid = pid;
    this.#slots = slots;
    this.#out = out;
    this.#events = events;
    this.#sections = new SectionReader({
      onsection: (section) => this.#send(section),
      onbad: (reason) => events.onbad(reason),
    });
  }

  /** A packet is kept back; its room goes to the whole new map once that is there. */
  pass(packets: Uint8Array, at: number): void {
    if (startsUnit(packets, at)) this.#isPassing = !this.#slots.isSettled && !hasWholeSection(packets, at);
    if (this.#isPassing || this.#counter < 0) this.#counter = counterOf(packets, at);
    if (this.#isPassing) {
      this.#counter = (this.#counter + 1) & 0x0f;
      return this.#out(packets, at, at + PACKET_BYTES);
    }
    this.#slots.keepBack(() => this.#sections.push(packets, at));
  }

  /** Every section goes on as packets of its own. */
  #send(section: Uint8Array): void {
    const map = section[0] === PMT_TABLE_ID ? readPmt(section) : undefined;
    const extended = map && map.programme === this.programme ? this.#events.extended(map) : undefined;
    const isLonger = extended && packetsOfSection(extended.length) > packetsOfSection(section.length);
    const sent = extended && !(isLonger && !this.#slots.isSettled) ? extended : section;
    const packets = packetize(sent, this.pid, this.#counter);
    this.#counter = (this.#counter + packets.length / PACKET_BYTES) & 0x0f;
    this.#slots.put(packets);
    if (map && sent === extended) this.#events.onextended(map);
  }
}

/** Whether a section begins and ends in this packet. */
function hasWholeSection(packet: Uint8Array, at: number): boolean {
  const section = payloadAt(packet, at) + 1 + packet[payloadAt(packet, at)]!;
  const end = at + PACKET_BYTES;
  return section + 3 <= end && section + 3 + (u16At(packet, section + 1) & 0x0fff) <= end;
}
