import { Command, Option } from "commander";
import { wholeNumber } from "../arguments.ts";

/** `redbutton encoder`. */
export function encoderCommand(): Command {
  return new Command("encoder")
    .description("put cues into a transport stream: MPEG-TS in, the same out with SCTE 35, stream events and ID3")
    .option("--config <file>", "its configuration, instead of the options below")
    .option("--in <source>", `udp://HOST:PORT, a file, loop:FILE (default: the standard input)`)
    .option("--out <target>", `udp://HOST:PORT, a file (default: the standard output)`)
    .option("--listen <host:port>", "where watchers connect, by SCTE 104 (default: 127.0.0.1:5167)")
    .option("--journal <file>", "where cues are kept before they go out (default: encoder.journal)")
    .option("--programme <number>", "programme that cues go into (default: the first)", wholeNumber)
    .option("--page <url>", "page that televisions start, by an AIT")
    .option("--hls <dir>", "write a live playlist and its segments there")
    .option("--status <host:port>", "answer /healthz there, and serve the playlist")
    .addOption(new Option("--mode <mode>", "how packets get in (default: borrow)").choices(["borrow", "replace"]))
    .action(async (options) => (await import("./run.ts")).encoder(options));
}
