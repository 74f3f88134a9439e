// The network that tests of bad input stand before: some have voted, and nothing may change that.
import { expect } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { expectEverywhere } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";

export const SHOW = "besieged";
/** Seconds since 1970 of a time that has passed. */
export const PAST = Math.floor(Date.now() / 1000) - 60;
export const GOOD = { option: "red", press: 1 };

/** A show with the open polls "best" and "once", "over" that is closed, and another show, "later", of one armed poll. */
export class Siege {
  readonly cluster: Cluster;
  /** Who has voted in "best". */
  readonly crowd: Crowd;
  readonly #boots: readonly string[];

  static async begin(): Promise<Siege> {
    const cluster = await Cluster.start({ edges: ["fra", "nyc"] });
    const [poll] = aShow(SHOW).polls;
    const polls = [poll!, { ...poll!, id: "once", mode: "first" }, { ...poll!, id: "over", grace_ms: 0 }];
    await cluster.open({ ...aShow(SHOW), polls });
    const producer = cluster.producer("fra");
    await producer.command(SHOW, "over", "close");
    await producer.create(aShow("later"));
    await producer.command("later", "best", "arm");
    await cluster.whole();
    const crowd = new Crowd(cluster, SHOW, "best");
    await each(receivers(30, "viewer"), (name, i) =>
      crowd.vote(name, OPTIONS[i % 3]!, { at: [i % 2 ? "fra" : "nyc"] }),
    );
    return new Siege(cluster, crowd, await bootsOf(cluster));
  }

  private constructor(cluster: Cluster, crowd: Crowd, boots: readonly string[]) {
    this.cluster = cluster;
    this.crowd = crowd;
    this.#boots = boots;
  }

  /** Nobody fell or found a mistake of its own, ballots are taken, and the counts are what they have to be. */
  async expectUnharmed(): Promise<void> {
    await this.cluster.whole();
    await this.crowd.vote("survivor", "green", { at: ["fra"] });
    await expectEverywhere(this.cluster, SHOW, "best", this.crowd.expected());
    expect(await bootsOf(this.cluster)).toEqual(this.#boots);
    const output = this.cluster.edges.flatMap((edge) => this.cluster.member(edge).output);
    expect(output.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  }
}

function bootsOf(cluster: Cluster): Promise<string[]> {
  const bootOf = async (edge: string) => ((await cluster.client(edge).get("/healthz")).body as { boot: string }).boot;
  return Promise.all(cluster.edges.map(bootOf));
}
