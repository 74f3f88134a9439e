// A producer before the console, in a real browser.
import type { Browser, Locator, Page } from "playwright-core";
import type { OperatorRole } from "../../edge/token.ts";
import type { Cluster } from "./cluster.ts";

/** Everything here happens within a few seconds, on a machine that runs other tests too. */
const PATIENCE_MS = 30_000;
const SIZE = { width: 1600, height: 940 };

export class ProducerDesk {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the console of an edge with a new token of this role. */
  static async open(
    browser: Browser,
    cluster: Cluster,
    edge: string,
    role: OperatorRole,
    show: string,
  ): Promise<ProducerDesk> {
    const page = await browser.newPage({ viewport: SIZE });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${cluster.address(edge)}/console/?show=${show}#token=${cluster.operatorToken(role)}`);
    return new ProducerDesk(page);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name });
  }

  get bigButton(): Locator {
    return this.page.locator("#next-step");
  }

  /** Holds a button down until what it does is seen: a busy machine's clock says nothing. */
  async hold(button: Locator, seen: () => Promise<void>): Promise<void> {
    await button.hover();
    await this.page.mouse.down();
    await seen();
    await this.page.mouse.up();
  }

  /** The same by the keyboard, on whatever has the focus. */
  async holdKey(key: string, seen: () => Promise<void>): Promise<void> {
    await this.page.keyboard.down(key);
    await seen();
    await this.page.keyboard.up(key);
  }

  async says(text: string | RegExp): Promise<void> {
    await this.page.locator(".notice", { hasText: text }).waitFor();
  }

  /** Waits until the big button reads so. */
  async offers(label: string): Promise<void> {
    await this.page.locator("#next-step .label", { hasText: label }).waitFor();
  }
}
