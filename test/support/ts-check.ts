// What is wrong with a whole transport stream, by rules of our own: none of the encoder's code is used here.

const PACKET = 188;
const NULL = 0x1fff;
const TICKS_A_NS = 27e6 / 1e9;
const PCR_MODULUS = 2 ** 33 * 300;

export interface Section {
  readonly packet: number;
  readonly bytes: Uint8Array;
}

export interface Pes {
  readonly packet: number;
  readonly pts: number | undefined;
  readonly data: Uint8Array;
}

export interface StreamReport {
  /** Lost alignment, continuity, CRCs, lengths: a line each. Empty for a sound stream. */
  readonly problems: readonly string[];
  readonly packets: number;
  readonly nulls: number;
  readonly pcrs: readonly { readonly packet: number; readonly pid: number; readonly ticks: number }[];
  readonly sections: ReadonlyMap<number, readonly Section[]>;
  readonly pes: ReadonlyMap<number, readonly Pes[]>;
}

interface Gathering {
  readonly start: number;
  readonly bytes: number[];
}

/** Reads every packet. PIDs of PMTs are taken from the PATs, PIDs of other sections from the PMTs. */
export function checkStream(stream: Uint8Array): StreamReport {
  const problems: string[] = [];
  const counters = new Map<number, { counter: number; packet: number; repeated: boolean }>();
  const sectionPids = new Set([0]);
  const gathering = new Map<number, Gathering>();
  const sections = new Map<number, Section[]>();
  const pes = new Map<number, Pes[]>();
  const pcrs: StreamReport["pcrs"][number][] = [];
  let nulls = 0;
  if (stream.length % PACKET !== 0) problems.push(`${stream.length % PACKET} bytes are no whole packet`);
  const count = Math.floor(stream.length / PACKET);
  for (let packet = 0; packet < count; packet++) {
    const bytes = stream.subarray(packet * PACKET, (packet + 1) * PACKET);
    if (bytes[0] !== 0x47) {
      problems.push(`packet ${packet} starts with ${bytes[0]}`);
      continue;
    }
    const pid = ((bytes[1]! & 0x1f) << 8) | bytes[2]!;
    if (pid === NULL) {
      nulls++;
      continue;
    }
    const adaptation = (bytes[3]! & 0x20) !== 0 ? 1 + bytes[4]! : 0;
    const flags = adaptation > 1 ? bytes[5]! : 0;
    const payload = (bytes[3]! & 0x10) !== 0 ? bytes.subarray(4 + adaptation) : undefined;
    if (adaptation > (payload ? 183 : 184)) problems.push(`packet ${packet}: an adaptation field of ${adaptation}`);
    if ((flags & 0x10) !== 0) pcrs.push({ packet, pid, ticks: pcrAt(bytes) });
    checkCounter(packet, pid, bytes[3]! & 0x0f, payload !== undefined, (flags & 0x80) !== 0);
    if (!payload) continue;
    const starts = (bytes[1]! & 0x40) !== 0;
    if (sectionPids.has(pid)) takeSections(packet, pid, payload, starts);
    else takePes(packet, pid, payload, starts);
  }
  for (const [pid, { start, bytes }] of gathering)
    if (!sectionPids.has(pid) && !isCutShort(bytes)) finishPes(pid, start, bytes);
  return { problems, packets: count, nulls, pcrs, sections, pes };

  function checkCounter(packet: number, pid: number, counter: number, hasPayload: boolean, isFresh: boolean): void {
    const last = counters.get(pid);
    const expected = last && (hasPayload ? (last.counter + 1) & 0x0f : last.counter);
    if (last && !isFresh && counter !== expected)
      problems.push(`packet ${packet}, PID ${pid}: continuity counter ${counter}, wanted ${expected}`);
    counters.set(pid, { counter, packet, repeated: false });
  }

  function takeSections(packet: number, pid: number, payload: Uint8Array, starts: boolean): void {
    let at = 0;
    let open = gathering.get(pid);
    if (starts) {
      at = 1 + payload[0]!;
      if (at > payload.length) return void problems.push(`packet ${packet}, PID ${pid}: a pointer out of its packet`);
      if (open && open.bytes.length > 0) {
        open.bytes.push(...payload.subarray(1, at));
        finishSections(pid, open, packet);
        if (open.bytes.length > 0) problems.push(`packet ${packet}, PID ${pid}: a section is cut short`);
      }
      open = { start: packet, bytes: [] };
      gathering.set(pid, open);
    }
    if (!open) return;
    open.bytes.push(...payload.subarray(at));
    finishSections(pid, open, packet);
  }

  function finishSections(pid: number, open: Gathering, packet: number): void {
    const { bytes } = open;
    while (bytes.length >= 3) {
      if (bytes[0] === 0xff) {
        if (bytes.some((byte) => byte !== 0xff))
          problems.push(`packet ${packet}, PID ${pid}: bytes after the stuffing`);
        bytes.length = 0;
        return;
      }
      const length = 3 + (((bytes[1]! & 0x0f) << 8) | bytes[2]!);
      if (bytes.length < length) return;
      const section = Uint8Array.from(bytes.splice(0, length));
      const hasCrc = (section[1]! & 0x80) !== 0 || section[0] === 0xfc;
      if (hasCrc && slowCrc(section) !== 0)
        problems.push(`packet ${packet}, PID ${pid}: a wrong CRC in table ${section[0]}`);
      else learn(section);
      listOf(sections, pid).push({ packet: open.start, bytes: section });
    }
    if (bytes[0] === 0xff) bytes.length = 0;
  }

  function learn(section: Uint8Array): void {
    const end = section.length - 4;
    if (section[0] === 0)
      for (let at = 8; at < end; at += 4) sectionPids.add(((section[at + 2]! & 0x1f) << 8) | section[at + 3]!);
    if (section[0] !== 2) return;
    let at = 12 + (((section[10]! & 0x0f) << 8) | section[11]!);
    while (at < end) {
      if ([0x05, 0x0c, 0x86].includes(section[at]!))
        sectionPids.add(((section[at + 1]! & 0x1f) << 8) | section[at + 2]!);
      at += 5 + (((section[at + 3]! & 0x0f) << 8) | section[at + 4]!);
    }
    if (at !== end) problems.push("a PMT's lengths do not fit");
  }

  function takePes(packet: number, pid: number, payload: Uint8Array, starts: boolean): void {
    const open = gathering.get(pid);
    if (starts) {
      if (open) finishPes(pid, open.start, open.bytes);
      gathering.set(pid, { start: packet, bytes: [...payload] });
    } else open?.bytes.push(...payload);
  }

  function finishPes(pid: number, packet: number, bytes: readonly number[]): void {
    if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) return;
    const hasStamp = (bytes[7]! & 0x80) !== 0;
    const pts = hasStamp
      ? ((bytes[9]! >> 1) & 7) * 2 ** 30 +
        bytes[10]! * 2 ** 22 +
        (bytes[11]! >> 1) * 2 ** 15 +
        bytes[12]! * 2 ** 7 +
        (bytes[13]! >> 1)
      : undefined;
    const length = pesLength(bytes);
    if (length > 0 && length !== bytes.length - 6)
      problems.push(`packet ${packet}, PID ${pid}: a PES packet of ${bytes.length - 6} bytes says ${length}`);
    listOf(pes, pid).push({ packet, pts, data: Uint8Array.from(bytes.slice(9 + bytes[8]!)) });
  }
}

/** What a PES packet says of its length after these first six bytes; 0 where it says nothing. */
function pesLength(bytes: readonly number[]): number {
  return (bytes[4]! << 8) | bytes[5]!;
}

/** By the end of the stream, which is where somebody stopped listening: that is nobody's fault. */
function isCutShort(bytes: readonly number[]): boolean {
  return bytes.length < 6 + pesLength(bytes);
}

/** Greatest difference in ns between a clock and its place in a stream of constant rate; a wrap is no difference. */
export function pcrError({ pcrs }: StreamReport, ticksAPacket: number): number {
  let worst = 0;
  const firsts = new Map<number, { packet: number; ticks: number }>();
  for (const { pid, packet, ticks } of pcrs) {
    const first = firsts.get(pid) ?? { packet, ticks };
    firsts.set(pid, first);
    const wanted = first.ticks + (packet - first.packet) * ticksAPacket;
    const error = (((ticks - wanted) % PCR_MODULUS) + PCR_MODULUS * 1.5) % PCR_MODULUS;
    worst = Math.max(worst, Math.abs(error - PCR_MODULUS / 2) / TICKS_A_NS);
  }
  return worst;
}

function pcrAt(bytes: Uint8Array): number {
  const base = bytes[6]! * 2 ** 25 + bytes[7]! * 2 ** 17 + bytes[8]! * 2 ** 9 + bytes[9]! * 2 + (bytes[10]! >> 7);
  return base * 300 + ((bytes[10]! & 1) << 8) + bytes[11]!;
}

/** CRC-32/MPEG-2, a bit at a time. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const carry = (crc >>> 31) ^ ((byte >> bit) & 1);
      crc = carry ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    }
  return crc >>> 0;
}

function listOf<T>(lists: Map<number, T[]>, key: number): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
