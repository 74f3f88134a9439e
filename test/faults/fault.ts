// What strikes while thresholds are crossed: processes killed and stopped, links cut, the database gone.
import { setTimeout as sleep } from "node:timers/promises";
import type { Dice } from "../../edge/cli/audience/dice.ts";
import type { Ground } from "./ground.ts";

export interface Striking {
  /** Lets nothing more strike, mends all, and says how often something struck. */
  end(): Promise<number>;
}

export interface Fault {
  readonly name: string;
  begin(ground: Ground, dice: Dice): Striking;
}

/** One strike: what is done, and undone after a while. */
type Strike = (ground: Ground, dice: Dice) => Promise<void>;

/** Longest pause between two strikes, ms; a child that is killed starts again after half a second. */
const LONGEST_PAUSE_MS = 1200;
/** How long what can be undone lasts, ms. */
const LASTS_MS = { least: 300, most: 2500 } as const;

function repeated(name: string, strike: Strike): Fault {
  return {
    name,
    begin(ground, dice) {
      let ended = false;
      let strikes = 0;
      const striking = (async () => {
        while (!ended) {
          await sleep(dice.next() * LONGEST_PAUSE_MS);
          if (ended) break;
          await strike(ground, dice);
          strikes += 1;
        }
      })();
      return {
        end: async () => {
          ended = true;
          await striking;
          return strikes;
        },
      };
    },
  };
}

const killOne =
  (of: (ground: Ground) => readonly string[]): Strike =>
  async (ground, dice) => {
    const names = of(ground);
    ground.network.kill(names[dice.below(names.length)]!);
  };

const stopOne =
  (of: (ground: Ground) => readonly string[]): Strike =>
  async (ground, dice) => {
    const names = of(ground);
    const pid = ground.network.pid(names[dice.below(names.length)]!);
    if (pid === undefined) return;
    signal(pid, "SIGSTOP");
    await lasting(dice);
    signal(pid, "SIGCONT");
  };

/** A process that was killed meanwhile is gone. */
function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

const cut =
  (isCut: (link: string, ground: Ground) => boolean): Strike =>
  async (ground, dice) => {
    const how = dice.chance(0.5) ? ({ is: "refusing" } as const) : ({ is: "black hole" } as const);
    const links = [...ground.proxies].filter(([link]) => isCut(link, ground)).map(([, proxy]) => proxy);
    for (const proxy of links) proxy.become(how);
    await lasting(dice);
    for (const proxy of links) proxy.become({ is: "open" });
  };

const databaseAway: Strike = async (ground, dice) => ground.restartDatabase(200 + dice.below(1000));

function lasting(dice: Dice): Promise<void> {
  return sleep(LASTS_MS.least + dice.below(LASTS_MS.most - LASTS_MS.least));
}

const watchers = (ground: Ground) => ground.watchers;
const everyone = (ground: Ground) => [...ground.network.names];
const oneWatcher = (ground: Ground) => ground.watchers[0]!;

const KILL_WATCHERS = killOne(watchers);
const KILL_ENCODER = killOne(() => ["encoder"]);
const KILL_ANYONE = killOne(everyone);
const STOP_WATCHERS = stopOne(watchers);
const STOP_ENCODER = stopOne(() => ["encoder"]);
const CUT_ONE = cut((link, ground) => link.startsWith(`${oneWatcher(ground)} `));
const CUT_BETWEEN = cut((link, ground) => ground.watchers.some((name) => link.endsWith(` ${name}`)));
const CUT_ALL = cut(() => true);
const ANY: readonly Strike[] = [KILL_ANYONE, KILL_WATCHERS, STOP_WATCHERS, STOP_ENCODER, CUT_ONE, CUT_ALL];

export const FAULTS_WITH_FILE: readonly Fault[] = [
  repeated("kill -9 of a watcher", KILL_WATCHERS),
  repeated("kill -9 of the encoder", KILL_ENCODER),
  repeated("kill -9 of anyone, edges too", KILL_ANYONE),
  repeated("SIGSTOP of a watcher", STOP_WATCHERS),
  repeated("SIGSTOP of the encoder", STOP_ENCODER),
  repeated("a watcher cut off", CUT_ONE),
  repeated("the watchers cut off from each other", CUT_BETWEEN),
  repeated("all of these", (ground, dice) => ANY[dice.below(ANY.length)]!(ground, dice)),
];

export const FAULTS_WITH_SERVER: readonly Fault[] = [
  repeated("kill -9 of the database's server", databaseAway),
  repeated("kill -9 of a watcher", KILL_WATCHERS),
  repeated("SIGSTOP of a watcher", STOP_WATCHERS),
  repeated("all of these", (ground, dice) => {
    const any = [...ANY, databaseAway];
    return any[dice.below(any.length)]!(ground, dice);
  }),
];
