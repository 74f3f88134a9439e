import type { Chapter, Running } from "../support/chapter.ts";
import type { Options } from "../support/options.ts";
import { PressedNetwork } from "../support/pressed-network.ts";
import type { Row } from "../support/row.ts";
import type { Sample } from "../support/sample.ts";

/** Ballots a second over all edges. */
const RATE = 10_000;
const EDGES = ["fra", "nyc", "syd"];
/** Each edge tells its ballots to two others and to the recorder. */
const LINKS_OF_A_BALLOT = 3;
/** Of Ethernet (with preamble and gap), IP, TCP with timestamps and WebSocket, were each frame a packet of its own. */
const HEADER_BYTES = 38 + 20 + 32 + 8;
const GIGABIT = 1000;
/** What one core can take at the very best, and what a ballot is on a link then: 250 and more a flush. */
const [BUSY_RATE, FULL_FLUSH_BYTES] = [50_000, 16.5];

/** What three edges and a recorder say to each other on the backbone at a rate, by the edges' own counters. */
export const backbone: Chapter<"backbone"> = {
  title: `The backbone at ${RATE.toLocaleString("en")} ballots a second over three edges, with a recorder`,
  rounds: 1,
  start,
  rows: (of) => {
    const figure = (name: string) => of("backbone").of(name);
    const percent = ((figure("megabitsAnEdge") / GIGABIT) * 100).toFixed(2);
    const link: Row = {
      what: "On a link, registers, acknowledgements and heartbeats included",
      measured: figure("bytesOnLink"),
      unit: "bytes a ballot",
      note: `${figure("ballotsPerFlush").toFixed(0)} ballots a flush; this machine took ${figure("ratePerSecond").toFixed(0)} ballots a second`,
    };
    const sent: Row = {
      what: "An edge sends, at that rate, to two edges and the recorder",
      measured: figure("megabitsAnEdge"),
      unit: "Mb/s",
      note: `${percent} % of gigabit Ethernet; were each frame a packet of its own ${figure("packedMegabits").toFixed(2)} Mb/s`,
    };
    const busy: Row = {
      what: `Computed: an edge that takes ${BUSY_RATE.toLocaleString("en")} ballots a second alone, at ${FULL_FLUSH_BYTES} bytes a ballot, sends`,
      measured: (BUSY_RATE * FULL_FLUSH_BYTES * 8 * LINKS_OF_A_BALLOT) / 1e6,
      unit: "Mb/s",
    };
    return [link, sent, busy];
  },
};

async function start({ quick }: Options): Promise<Running<"backbone">> {
  const network = await PressedNetwork.start(EDGES);
  const { members } = network;
  const press = (seconds: number) =>
    network.press(Math.round((RATE * seconds) / EDGES.length), { kind: "open", withinMs: seconds * 1000, reuse: true });
  const round = async (): Promise<Sample> => {
    await press(2); // The first ones are the compiler's.
    await members.countedIn(network.receivers, 10_000);
    const [before, began] = [await members.metrics(), performance.now()];
    await press(quick ? 3 : 8);
    return figures(before, await members.metrics(), (performance.now() - began) / 1000);
  };
  return { subjects: { backbone: { round } }, stop: () => network.stop() };
}

function figures(before: Sample, after: Sample, seconds: number): Sample {
  const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  const [ballots, flushes, sent] = [grown("ballots_total"), grown("flushes_total"), grown("link_sent_bytes_total")];
  // A flush, and the word that a peer has stored one, over each link.
  const headers = flushes * LINKS_OF_A_BALLOT * 2 * HEADER_BYTES;
  const megabits = (bytes: number) => (bytes * 8) / EDGES.length / seconds / 1e6;
  return {
    bytesOnLink: sent / ballots / LINKS_OF_A_BALLOT,
    ballotsPerFlush: ballots / flushes,
    ratePerSecond: ballots / seconds,
    megabitsAnEdge: megabits(sent),
    packedMegabits: megabits(sent + headers),
  };
}
