import { ByteWriter, descriptor } from "./bytes.ts";
import { writeLongSection } from "./section.ts";

/** HbbTV's kind of application (ETSI TS 102 796, 7.2.3.1). */
export const HBBTV_APPLICATION = 0x0010;

const TABLE_ID = 0x74;
const AUTOSTART = 0x01;
const HTTP = 0x0003;

/** The page that a television starts by itself: the receiver's. */
export interface Application {
  /** 32 bits, assigned by DVB. */
  readonly organisation: number;
  readonly id: number;
  readonly name: string;
  /** Ends with a slash; http or https. */
  readonly base: string;
  /** Below `base`, e.g. "index.html?show=talent-final". */
  readonly path: string;
}

/** An application information table with one application that starts by itself (ETSI TS 102 809, 5.3.4). */
export function writeAit(application: Application, version: number): Uint8Array<ArrayBuffer> {
  const descriptors = new ByteWriter()
    .bytes(transportDescriptor(application.base))
    .bytes(applicationDescriptor())
    .bytes(nameDescriptor(application.name))
    .bytes(locationDescriptor(application.path))
    .done();
  const entry = new ByteWriter()
    .u32(application.organisation)
    .u16(application.id)
    .u8(AUTOSTART)
    .u16(0xf000 | descriptors.length)
    .bytes(descriptors)
    .done();
  const body = new ByteWriter()
    .u16(0xf000)
    .u16(0xf000 | entry.length)
    .bytes(entry)
    .done();
  return writeLongSection({ table: TABLE_ID, isPrivate: true, extension: HBBTV_APPLICATION, version, body });
}

/** transport_protocol_descriptor for HTTP (5.3.6.2). */
function transportDescriptor(base: string): Uint8Array {
  const url = new TextEncoder().encode(base);
  const body = new ByteWriter().u16(HTTP).u8(TRANSPORT_LABEL).u8(url.length).bytes(url).u8(0).done();
  return descriptor(0x02, body);
}

/** application_descriptor (5.3.5.3): HbbTV 1.2.1 (1.1.1 by its number), bound to the service, visible. */
function applicationDescriptor(): Uint8Array {
  return descriptor(0x00, new ByteWriter().u8(5).u16(0).bytes([1, 2, 1]).u8(0xff).u8(1).u8(TRANSPORT_LABEL).done());
}

function nameDescriptor(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  return descriptor(0x01, new ByteWriter().ascii("eng").u8(text.length).bytes(text).done());
}

/** simple_application_location_descriptor (5.3.7). */
function locationDescriptor(path: string): Uint8Array {
  return descriptor(0x15, new TextEncoder().encode(path));
}

const TRANSPORT_LABEL = 1;
