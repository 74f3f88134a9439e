import type { PollOnAir } from "./poll-on-air.ts";

/** A colour and a shape an option; with the letter each is its own. */
const COLOURS = ["#3ddc84", "#ffd23f", "#6cb2ff", "#ff9f5a", "#cba0ff", "#ff8fc0", "#4be0e0", "#c4ec8a"] as const;
const SHAPES = ["circle", "square", "leaf", "arch"] as const;

const STATES = {
  draft: "",
  armed: "Opens soon",
  open: "Vote now",
  closing: "Closing",
  closed: "Closed",
  final: "Final result",
  void: "Called off",
} as const;

interface RowElements {
  readonly item: HTMLElement;
  readonly name: HTMLElement;
  readonly share: HTMLElement;
  readonly count: HTMLElement;
  readonly fill: HTMLElement;
}

/** The graphic's elements. */
export class GraphicView {
  #rows: RowElements[] = [];
  readonly #numbers = new Intl.NumberFormat("en");

  draw(poll: PollOnAir | undefined): void {
    element("board").classList.toggle("hidden", poll === undefined || poll.state === "draft");
    if (!poll) return;
    element("rehearsal").classList.toggle("hidden", !poll.isRehearsal);
    write(element("question"), poll.question);
    write(element("state"), stateText(poll));
    if (this.#rows.length !== poll.rows.length) this.#build(poll.rows.length);
    poll.rows.forEach(({ text }, i) => write(this.#rows[i]!.name, text));
    const most = Math.max(...poll.rows.map(({ count }) => count));
    poll.rows.forEach(({ count }, i) =>
      this.#rows[i]!.item.classList.toggle("first", poll.state === "final" && count === most && most > 0),
    );
  }

  /** The numbers of this frame, on their way. */
  drawCounts(counts: readonly number[]): void {
    const total = counts.reduce((sum, count) => sum + count, 0);
    counts.forEach((count, i) => {
      const share = total > 0 ? count / total : 0;
      const row = this.#rows[i]!;
      row.fill.style.transform = `scaleX(${share})`;
      write(row.share, `${(share * 100).toFixed(1)} %`);
      write(row.count, this.#numbers.format(Math.round(count)));
    });
    write(element("total"), `${this.#numbers.format(Math.round(total))} votes`);
  }

  drawFault(text: string): void {
    element("fault").classList.toggle("hidden", text === "");
    write(element("fault"), text);
  }

  #build(count: number): void {
    const list = element("rows");
    list.replaceChildren();
    this.#rows = Array.from({ length: count }, (_, i) => buildRow(i));
    list.append(...this.#rows.map(({ item }) => item));
  }
}

function stateText({ state, leftMs }: PollOnAir): string {
  if (state !== "open" || leftMs === undefined) return STATES[state];
  const seconds = Math.ceil(leftMs / 1000);
  return `${STATES.open} · ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function buildRow(i: number): RowElements {
  const item = document.createElement("li");
  item.style.setProperty("--colour", COLOURS[i % COLOURS.length]!);
  const letter = add(item, "span", `letter ${SHAPES[i % SHAPES.length]}`);
  letter.textContent = String.fromCharCode(65 + (i % 26));
  const name = add(item, "span", "name");
  const count = add(item, "span", "count");
  const share = add(item, "span", "share");
  const fill = add(add(item, "span", "track"), "span", "fill");
  return { item, name, share, count, fill };
}

function add(parent: HTMLElement, name: string, className: string): HTMLElement {
  const child = document.createElement(name);
  child.className = className;
  parent.append(child);
  return child;
}

function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

function write(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
