import ISOBoxer from "codem-isoboxer";
import { expect, test } from "vitest";
import { cueEmsgs, ID3_SCHEME, SCTE35_SCHEME } from "../../../monitor/encoder/signal/emsg.ts";
import { sectionOf } from "../../../monitor/encoder/stream/carriers.ts";
import { indicationOf } from "../../support/cues.ts";

interface Emsg {
  readonly version: number;
  readonly scheme_id_uri: string;
  readonly value: string;
  readonly timescale: number;
  readonly presentation_time: number;
  readonly event_duration: number;
  readonly id: number;
  readonly message_data: DataView;
}

test("dash.js's parser reads a cue's two event messages", () => {
  const indication = indicationOf(6);
  const section = sectionOf(indication, 90_000, "RBTN");
  const time = 2 ** 33 + 5;
  const boxes: Emsg[] = ISOBoxer.parseBuffer(cueEmsgs(indication, section, time, 48_000).buffer).fetchAll("emsg");
  expect(boxes.map(({ scheme_id_uri: scheme }) => scheme)).toEqual([ID3_SCHEME, SCTE35_SCHEME]);
  for (const box of boxes)
    expect(box).toMatchObject({
      version: 1,
      timescale: 48_000,
      presentation_time: time,
      event_duration: 8 * 48_000,
      id: 7,
    });
  const data = boxes.map(({ message_data: view }) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  expect(new TextDecoder().decode(data[0]!)).toContain(`[1,"talent-final","0000000000000006","t","6 viewers",`);
  expect([...data[1]!]).toEqual([...section]);
});
