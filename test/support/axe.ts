// axe-core in a page: what it finds against the rules of WCAG 2.1, A and AA, and its own best practices.
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** What is read of axe's results. */
interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Fails with each rule that the page breaks, and where. */
export async function expectAccessible(page: Page): Promise<void> {
  // Through the debugger, which a page's policy does not bind.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await checker.run()).violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => ({ html, ...(failureSummary ? { failureSummary } : {}) })),
    }));
  });
  expect(violations).toEqual([]);
}
