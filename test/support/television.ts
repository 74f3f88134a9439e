// A television as its viewer has it: the application in a real browser, and the remote control.
import type { Browser, Page } from "playwright-core";

/** Keys of the browser's keyboard that stand for those of the remote control. */
const KEYS = {
  red: "r",
  back: "Escape",
  ok: "Enter",
  up: "ArrowUp",
  down: "ArrowDown",
  left: "ArrowLeft",
  right: "ArrowRight",
} as const;
type RemoteKey = keyof typeof KEYS | "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

const SCREEN = { width: 1280, height: 720 };
/** Everything here happens within a few seconds, on a machine that runs other tests too. */
const PATIENCE_MS = 30_000;

export class Television {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** `edges`: addresses, the first of which serves the page. */
  static async switchOn(browser: Browser, edges: readonly string[], show: string, query = ""): Promise<Television> {
    const page = await browser.newPage({ viewport: SCREEN });
    page.setDefaultTimeout(PATIENCE_MS);
    const named = edges.map((edge) => `edge=${encodeURIComponent(edge)}`).join("&");
    await page.goto(`${edges[0]}/tv/?show=${show}&${named}${query}`);
    return new Television(page);
  }

  async press(...keys: RemoteKey[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key in KEYS ? KEYS[key as keyof typeof KEYS] : key);
  }

  /** Waits until the line that says what became of a press says this. */
  async says(text: string | RegExp): Promise<void> {
    await this.page.locator("#said", { hasText: text }).waitFor();
  }

  async asks(question: string): Promise<void> {
    await this.page.locator("#question", { hasText: question }).waitFor();
  }

  async shows(text: string | RegExp): Promise<void> {
    await this.page.locator("#app").getByText(text).first().waitFor();
  }

  /** Options that are marked as this viewer's choice. */
  chosen(): Promise<string[]> {
    return this.page.locator('#rows [aria-pressed="true"] .text').allInnerTexts();
  }
}
