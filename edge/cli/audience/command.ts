import { Command, InvalidArgumentError } from "commander";
import { positiveNumber, wholeNumber } from "../arguments.ts";
import { DEFAULT_FOLDER } from "../network/folder.ts";
import { DEFAULT_SHARES } from "./plan.ts";

/** `redbutton audience`. */
export function audienceCommand(): Command {
  const { ws, retry, change, move, slow, signed } = DEFAULT_SHARES;
  return new Command("audience")
    .description("lets simulated receivers vote, or buy, and keeps books of what they heard")
    .option("--dir <folder>", "the network's folder", DEFAULT_FOLDER)
    .option("--show <id>", "the show (default: the only one)")
    .option("--poll <id>", "the poll (default: the one that is open)")
    .option("-n, --receivers <n>", "how many receivers", wholeNumber, 1000)
    .option("--buyers <n>", "so many buy, each once, and nobody votes; then all books are compared", wholeNumber)
    .option("--product <id>", "what they buy (default: the only one on offer)")
    .option("--pin <digits>", "their PIN, where the product takes one (default: the demo provider's)")
    .option("-r, --rate <n>", "receivers a second that come (default: 1000 voters, 50 buyers)", positiveNumber)
    .option("--edges <list>", "names or addresses, comma-separated (default: all of the network)")
    .option("--secret <file>", "file with the network's secret, where there is no folder; --edges has addresses then")
    .option("--seed <n>", "the same seed gives the same receivers (default: a random one)", wholeNumber)
    .option("--books <file>", "where the books go (default: in the network's folder)")
    .option("--no-books", "keeps none")
    .option("--deadline <seconds>", "how long a press is tried before it is booked as unknown", positiveNumber, 60)
    .option(
      "--ws <share>",
      "share of receivers on a WebSocket, 0 to 1; buyers hear on it what becomes of their order",
      share,
      ws,
    )
    .option("--retry-share <share>", "who send an answered press again", share, retry)
    .option("--change-share <share>", "who change their minds", share, change)
    .option("--move-share <share>", "who move to another edge, some in the middle of a press", share, move)
    .option("--slow-share <share>", "who take their time to send", share, slow)
    .option("--signed-share <share>", "whose tokens name somebody", share, signed)
    .action(async (options) =>
      options.buyers === undefined
        ? (await import("./run.ts")).runAudienceCommand(options)
        : (await import("../buyers/run.ts")).runBuyersCommand(options),
    );
}

function share(text: string): number {
  const value = Number(text);
  if (text === "" || !(value >= 0 && value <= 1)) throw new InvalidArgumentError("wanted a share, 0 to 1.");
  return value;
}
