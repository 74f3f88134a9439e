// A producer before the console, in a real browser.
import type { Browser, Locator, Page } from "playwright-core";
import type { OperatorRole } from "../../edge/token.ts";
import type { Cluster } from "./cluster.ts";

/** A little longer than the console wants a button held, ms. */
const HOLD_MS = 800;
/** Everything here happens within a few seconds, on a machine that runs other tests too. */
const PATIENCE_MS = 15_000;
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

  /** Holds a button down for as long as it takes. */
  async hold(button: Locator): Promise<void> {
    await button.hover();
    await this.page.mouse.down();
    // The console's own clock decides: it acts once the button was held long enough.
    await this.page.waitForTimeout(HOLD_MS);
    await this.page.mouse.up();
  }

  /** The same by the keyboard, on whatever has the focus. */
  async holdKey(key: string): Promise<void> {
    await this.page.keyboard.down(key);
    await this.page.waitForTimeout(HOLD_MS);
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
