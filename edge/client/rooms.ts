import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { Board } from "../../crdt/board.ts";
import { Tallies } from "../../crdt/tallies.ts";

/** How long an edge may be away before another one is followed, ms: one that restarts is back within a second or two. */
export const PATIENCE_MS = 2500;

export interface RoomsOptions {
  readonly show: string;
  /** At least a reader's. */
  readonly token: string;
  /** Edges, the one to begin with first; the roster adds what it knows. */
  readonly addresses: readonly string[];
}

/** A show's board and tallies as an edge's rooms have them, followed from edge to edge by the stock y-websocket client. */
export class ShowRooms {
  readonly board = new Board(new Y.Doc());
  readonly tallies = new Tallies(new Y.Doc());
  /** Called when another edge is followed, or the connection comes or goes. */
  onstatus: () => void = () => {};
  readonly #options: RoomsOptions;
  #address: string;
  #providers: WebsocketProvider[] = [];
  #isConnected = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#address = options.addresses[0]!;
    this.#follow();
  }

  /** The edge that is followed. */
  get address(): string {
    return this.#address;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const provider of this.#providers) provider.destroy();
    this.#providers = [];
  }

  #follow(): void {
    const { show, token } = this.#options;
    const server = `${this.#address.replace(/^http/, "ws")}/v1/rooms`;
    const docs = { board: this.board.doc, tallies: this.tallies.doc };
    this.#providers = Object.entries(docs).map(
      ([room, doc]) => new WebsocketProvider(server, `${show}/${room}`, doc, { params: { token }, disableBc: true }),
    );
    const [board] = this.#providers;
    board!.on("status", ({ status }) => this.#onstatus(status === "connected"));
    this.#beImpatient();
  }

  #onstatus(isConnected: boolean): void {
    if (isConnected === this.#isConnected) return;
    this.#isConnected = isConnected;
    if (isConnected) clearTimeout(this.#timer);
    else this.#beImpatient();
    this.onstatus();
  }

  #beImpatient(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#moveOn(), PATIENCE_MS);
  }

  #moveOn(): void {
    const known = new Set([...this.#options.addresses, ...this.board.roster().map(({ address }) => address)]);
    const addresses = [...known];
    this.close();
    this.#isConnected = false;
    this.#address = addresses[(addresses.indexOf(this.#address) + 1) % addresses.length]!;
    this.#follow();
    this.onstatus();
  }
}
