import { Command } from "commander";
import { positiveNumber, timeSpan, wholeNumber } from "./arguments.ts";
import { withShow } from "./target-options.ts";

/** `redbutton threshold …`: rules on the ledger that put a cue into the picture. */
export function thresholdCommand(): Command {
  const thresholds = new Command("threshold").description("thresholds: what puts a cue into the picture");
  withShow(thresholds.command("list"))
    .description("list thresholds: how far each is, how fast it nears, what it fired")
    .action(async (options) => (await import("./threshold.ts")).listThresholds(options));
  withShow(thresholds.command("set <id>"))
    .description("define a threshold, or replace one that nobody has armed")
    .option("--present <count>", "receivers that retrieved the content", wholeNumber)
    .option("--voted <count>", "receivers that voted, in --poll or in any", wholeNumber)
    .option("--votes <count>", "votes for --option in --poll", wholeNumber)
    .option("--share <percent>", "share of --option in --poll", positiveNumber)
    .option("--sample <votes>", "votes that the poll has at least, for --share", wholeNumber)
    .option("--every <count>", "again at each further so many", wholeNumber)
    .option("--poll <id>", "the poll")
    .option("--option <id>", "the option")
    .option("--text <text>", "what receivers read; {count} stands for the count that was crossed")
    .option("--content <id>", "a page or picture that is published, instead of a text")
    .option("--for <time>", "how long receivers show it, e.g. 10s", timeSpan)
    .option("--urgent", "with the database away, straight to the encoder; fires once only")
    .option("--arm", "arm it at once")
    .action(async (id, options) => (await import("./threshold.ts")).setThreshold(id, options));
  for (const command of ["arm", "disarm"] as const)
    withShow(thresholds.command(`${command} <id>`))
      .description(command === "arm" ? "arm a threshold, or arm it again" : "take a threshold off for good")
      .action(async (id, options) => (await import("./threshold.ts")).commandThreshold(command, id, options));
  return thresholds;
}
