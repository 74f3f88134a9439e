// The recording encoder as a program beside a test's network, and what stands in its journal.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { NetworkFolder } from "../../edge/cli/network/folder.ts";
import { freePorts } from "../../edge/cli/network/ports.ts";
import type { JournalledCue } from "../../monitor/recording-encoder/journal.ts";
import { MemberProcess } from "./member-process.ts";

const HOST = "127.0.0.1";

export class EncoderProgram {
  readonly #port: number;
  #journal = "";
  #program: MemberProcess | undefined;

  /** Its address is known before there is a network. */
  static async plan(): Promise<EncoderProgram> {
    const [port] = await freePorts(1);
    return new EncoderProgram(port!);
  }

  private constructor(port: number) {
    this.#port = port;
  }

  get address(): string {
    return `http://${HOST}:${this.#port}`;
  }

  start(network: NetworkFolder): void {
    const config = join(network.path, "encoder.json");
    this.#journal = join(network.path, "encoder.journal");
    const keys = { network: bytesToHex(network.secret()) };
    const listen = { host: HOST, port: this.#port };
    writeFileSync(config, JSON.stringify({ listen, journal: this.#journal, keys }), { mode: 0o600 });
    this.#program = new MemberProcess("encoder", config, "node", "edge/runtime/recording-encoder.ts");
    this.#program.start();
  }

  /** "threshold/epoch" of each cue that went into the picture, doubles included. */
  cues(): string[] {
    if (!existsSync(this.#journal)) return [];
    const lines = readFileSync(this.#journal, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as JournalledCue).map(({ cue }) => `${cue.threshold}/${cue.epoch}`);
  }

  async end(): Promise<void> {
    await this.#program?.kill();
  }
}
