import { Command, Option } from "commander";
import { OPERATOR_ROLES } from "../token.ts";
import { POLL_COMMANDS } from "./api.ts";
import { positiveNumber, timeSpan, wholeNumber } from "./arguments.ts";
import { databaseCommands } from "./database-command.ts";
import { audienceCommand } from "./audience/command.ts";
import { inspectCommand, whyCommand } from "./inspect/command.ts";
import { encoderCommand } from "./encoder/command.ts";
import { DEFAULT_FOLDER } from "./network/folder.ts";
import { RUNTIMES } from "./supervise/program.ts";
import { ordersCommand } from "./orders-command.ts";
import { dirOption, withShow, withTarget } from "./target-options.ts";
import { thresholdCommand } from "./threshold-command.ts";
import { UserError } from "./user-error.ts";
import { verifyCommand } from "./verify/command.ts";

const program = new Command("redbutton").description("Interactive television at the edge").showHelpAfterError();

const runtime = () =>
  new Option("--runtime <name>", "what members run on (default: Deno where it is installed)").choices([...RUNTIMES]);

program
  .command("up")
  .description(
    "start a network on this machine: edges fra, nyc and syd, what watches, records and sells, DNS and a front",
  )
  .addOption(dirOption())
  .addOption(runtime())
  .option("--port <port>", "first public port of a new network", wholeNumber)
  .option("--no-sample", "create no sample show")
  .option("--hub", "link a new network's members with a hub, and with nobody else")
  .action(async (options) => (await import("./up.ts")).up(options));

program
  .command("edge")
  .description("run one edge")
  .requiredOption("--config <file>", "its configuration")
  .option("--watch", "watch thresholds as well")
  .addOption(runtime())
  .action(async (options) => (await import("./member.ts")).runEdge(options));

program
  .command("monitor")
  .description("run one process of the backbone: a recorder, a watcher, or all of them in one")
  .requiredOption("--config <file>", "its configuration")
  .addOption(runtime())
  .action(async (options) => (await import("./member.ts")).runMonitor(options));

const supervised = () => new Option("--supervised").hideHelp();
const dns = program
  .command("dns")
  .description("run the DNS server that sends receivers to their edges; SIGHUP reads its settings again")
  .option("--config <file>", "its settings", "dns.json")
  .addOption(supervised())
  .action(async (options) => (await import("./dns/run.ts")).runDns(options));
const dnsExport = dns.command("export").description("write another server's configuration from these settings");
dnsExport
  .command("gdnsd")
  .description("gdnsd, for more queries than one core of ours answers")
  .option("--settings <file>", "the DNS server's settings", "dns.json")
  .option("--out <dir>", "folder to write", "gdnsd")
  .option("--watch", "go on checking the edges, and keep gdnsd's health file current")
  .addOption(supervised())
  .action(async ({ settings, ...options }) =>
    (await import("./dns/export.ts")).exportGdnsd({ config: settings, ...options }),
  );

const lb = program
  .command("lb")
  .description("run the load balancer, an HTTP and WebSocket front; SIGHUP reads its settings again")
  .option("--config <file>", "its settings", "lb.json")
  .addOption(supervised())
  .action(async (options) => (await import("./lb/run.ts")).runLb(options));
lb.command("export")
  .description("write another balancer's configuration from these settings")
  .command("haproxy")
  .description("HAProxy, for production")
  .option("--settings <file>", "the load balancer's settings", "lb.json")
  .option("--out <file>", "file to write", "haproxy.cfg")
  .action(async ({ settings, out }) => (await import("./lb/export.ts")).exportHaproxy({ config: settings, out }));

const network = program.command("network").description("networks of several machines");
network
  .command("new")
  .description("write the configuration files of a new network, keys included")
  .requiredOption("--edges <list>", "NAME=HOST or NAME=PUBLICHOST/BACKBONEHOST, comma-separated")
  .option("--recorder <store>", "the recorder's database: file:PATH or a libSQL server's address", "file:recorder.db")
  .option("--no-recorder", "leave the recorder out")
  .option("--hub <host>", "host of a hub that everyone is linked with, and nobody else")
  .option("--encoder <url>", "the content encoder's address, for the cues of thresholds")
  .option(
    "--data <dir>",
    "folder on each host for its log, e.g. /var/lib/redbutton (default: beside its configuration)",
  )
  .option("--inspect", "members answer the inspector: see docs/inspector.md")
  .option("--out <dir>", "folder to write", DEFAULT_FOLDER)
  .option("--port <port>", "public port of the first edge on a host", wholeNumber)
  .option("--backbone-port <port>", "backbone port of the first edge on a host", wholeNumber)
  .action(async (options) => (await import("./network.ts")).newNetwork(options));

network
  .command("objects")
  .description("print a network's Durable Objects as peers of a member on a machine of its own")
  .requiredOption("--address <url>", "where the Worker is")
  .requiredOption("--secret <file>", "file with the network's secret, bare or as NETWORK_SECRET=")
  .option("--regions <list>", "as in REGIONS of wrangler.toml", "fra,nyc,syd")
  .option("--objects <count>", "as OBJECTS in wrangler.toml", wholeNumber, 1)
  .option("--sells", "it has an order processor: PROVIDER_URL is set")
  .action(async (options) => (await import("./network.ts")).printObjects(options));

program
  .command("keys")
  .description("print new keys for a configuration that is written by hand")
  .action(async () => (await import("./network.ts")).newKeys());

program
  .command("token")
  .description("print a token for an operator, a reader, an inspector, or a receiver that may order")
  .addOption(dirOption())
  .option("--config <file>", "a member's configuration, instead of a folder")
  .option("--secret <file>", "file with the network's secret, instead of a folder")
  .addOption(new Option("--role <role>").choices([...OPERATOR_ROLES, "inspector", "receiver"]).default("reader"))
  .option("--name <name>", "who it is for; stands in the audit", "operator")
  .option("--shows <list>", "shows it is good for (default: all)")
  .option("--days <days>", "how long it is good", positiveNumber, 30)
  .option("--hashes", "an inspector's: receivers by their keyed hashes, not by pseudonyms")
  .action(async (options) => (await import("./token.ts")).mintToken(options));

const shows = program.command("show").description("shows");
withTarget(shows.command("create <file>"))
  .description("create a show from its JSON file")
  .action(async (file, options) => (await import("./show.ts")).createShow(file, options));
withTarget(shows.command("forget <show>"))
  .description("destroy the key of a show that is over: nothing leads from its ballots back to receivers")
  .action(async (show, options) => (await import("./show.ts")).forgetShow(show, options));
withTarget(shows.command("list"))
  .description("list shows and their polls")
  .action(async (options) => (await import("./show.ts")).listShows(options));

const polls = program.command("poll").description("give a poll a command; without an ID, the first poll it fits");
for (const command of POLL_COMMANDS) {
  const added = withShow(polls.command(`${command} [id]`)).action(async (id, options) =>
    (await import("./poll.ts")).commandPoll(command, id, options),
  );
  if (command === "open") added.option("--for <time>", "close by itself after e.g. 30s or 5m", timeSpan);
}

program.addCommand(thresholdCommand());
program.addCommand(ordersCommand());
for (const command of databaseCommands()) program.addCommand(command);
program.addCommand(encoderCommand());
program.addCommand(audienceCommand());
program.addCommand(verifyCommand());
program.addCommand(inspectCommand());
program.addCommand(whyCommand());

program
  .command("kill <name>")
  .description("end a member of the running network as by kill -9; it starts again by itself")
  .addOption(dirOption())
  .action(async (name, options) => (await import("./kill.ts")).kill(name, options));

program
  .command("demo")
  .description("the whole thing once, in a temporary folder: vote, kill an edge, close, compare")
  .option("--receivers <count>", "how many", wholeNumber, 20_000)
  .addOption(runtime())
  .action(async (options) => (await import("./demo.ts")).demo(options));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`redbutton: ${error.message}`);
  process.exitCode = error.exitCode;
}
