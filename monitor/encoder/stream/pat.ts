import { u16At } from "../signal/bytes.ts";
import { CRC_BYTES, LONG_HEADER_BYTES, writeLongSection } from "../signal/section.ts";

/** Programme number → PID of its map (ISO/IEC 13818-1, 2.4.4.3); the network's own entry is left out. */
export type Programmes = ReadonlyMap<number, number>;

const TABLE_ID = 0x00;

/** Gathers a programme association table, which may come in several sections. */
export class PatReader {
  #version = -1;
  #sections = new Map<number, Programmes>();

  /** The whole table once its last section is there; undefined before, and for what is no PAT that is valid now. */
  push(section: Uint8Array): Programmes | undefined {
    if (section[0] !== TABLE_ID || (section[5]! & 1) === 0) return undefined;
    const version = (section[5]! >>> 1) & 0x1f;
    if (version !== this.#version) this.#sections.clear();
    this.#version = version;
    this.#sections.set(section[6]!, entriesOf(section));
    if (this.#sections.size <= section[7]!) return undefined;
    return new Map([...this.#sections.values()].flatMap((entries) => [...entries]));
  }
}

function entriesOf(section: Uint8Array): Programmes {
  const entries = new Map<number, number>();
  for (let at = LONG_HEADER_BYTES; at + 4 <= section.length - CRC_BYTES; at += 4) {
    const programme = u16At(section, at);
    if (programme !== 0) entries.set(programme, u16At(section, at + 2) & 0x1fff);
  }
  return entries;
}

/** A PAT with one programme: for a stream that is cut out of a larger one. */
export function writePat(transportStream: number, programme: number, pid: number): Uint8Array<ArrayBuffer> {
  const body = Uint8Array.of(programme >>> 8, programme & 0xff, 0xe0 | (pid >>> 8), pid & 0xff);
  return writeLongSection({ table: TABLE_ID, isPrivate: false, extension: transportStream, version: 0, body });
}
