import { Command, InvalidArgumentError, Option } from "commander";
import { CUE_EVENT } from "../../../crdt/stream-event.ts";

/** `redbutton encoder`. */
export function encoderCommand(): Command {
  return new Command("encoder")
    .description("put cues into a transport stream: MPEG-TS in, the same out with SCTE 35, stream events and ID3")
    .option("--in <source>", `udp://HOST:PORT, a file, loop:FILE, "-" for the standard input`, "-")
    .option("--out <target>", `udp://HOST:PORT, a file, "-" for the standard output`, "-")
    .option("--listen <host:port>", "where watchers and automation systems connect (SCTE 104)", "127.0.0.1:5167")
    .option("--pid-index <n>", "DPI_PID_index that they have to name", wholeNumber, 0)
    .option("--journal <file>", "where cues are kept before they go out", "encoder.journal")
    .option("--programme <number>", "programme that cues go into (default: the first)", wholeNumber)
    .option(
      "--pids <list>",
      "PIDs of SCTE 35, stream events, ID3 and AIT; 0 leaves one out",
      pidList,
      pidList("496,497,498,499"),
    )
    .option(
      "--component-tag <n>",
      "of the stream events, in the receiver's event file",
      wholeNumber,
      CUE_EVENT.componentTag,
    )
    .option("--format-identifier <four>", "whose UPIDs ours are, as registered with SMPTE", fourCharacters, "RBTN")
    .option("--page <url>", "page that televisions start, by an AIT")
    .addOption(new Option("--mode <mode>", "how packets get in").choices(["borrow", "replace"]).default("borrow"))
    .option("--hls <dir>", "write a live playlist and its segments there")
    .option("--hls-listen <host:port>", "serve them as well, for edges elsewhere")
    .option("--own <host:port>", "where the partner finds this encoder")
    .option("--partner <host:port>", "another encoder on the same input: one sends, the other stands by")
    .addOption(new Option("--supervised").hideHelp())
    .action(async (options) => (await import("./run.ts")).runEncoder(options));
}

function wholeNumber(text: string): number {
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) throw new InvalidArgumentError("wanted a whole number.");
  return Number(text);
}

function fourCharacters(text: string): string {
  if (!/^[\x21-\x7e]{4}$/.test(text)) throw new InvalidArgumentError("wanted four characters.");
  return text;
}

/** PIDs from 0x20 to 0x1FFE are free for streams (ISO/IEC 13818-1, table 2-3). */
function pidList(text: string): readonly number[] {
  const pids = text.split(",").map(wholeNumber);
  const used = pids.filter((pid) => pid !== 0);
  const isRight =
    pids.length === 4 && used.every((pid) => pid >= 0x20 && pid < 0x1fff) && new Set(used).size === used.length;
  if (!isRight) throw new InvalidArgumentError("wanted four different PIDs from 32 to 8190, or 0.");
  return pids;
}
