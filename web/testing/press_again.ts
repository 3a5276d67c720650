/**
 * Presses of the mouse that meet what they were meant for.
 *
 * A click is a press and a release on the same thing. Playwright looks where a button is, and then presses and
 * releases; on a busy machine rows and parts that come late move it in between, and the browser tells of no click. A
 * person who sees that nothing has happened presses again, and so do the tests.
 */

import type { Locator, Page } from "@playwright/test";

/** What is there to be pressed. */
const pressed = "a, button, input, label, select, summary, textarea, [role=menuitem], [role=option], [role=tab]";
const mostPresses = 5;

interface Pressed {
  /** Clicks on something that is there to be pressed. */
  qpqClicks?: number;
}

/** Runs in the page. @returns how many clicks there were; undefined where the element is nothing to be pressed */
function clicksSoFar(element: Element, selector: string): number | undefined {
  const counted = globalThis as Pressed;
  if (counted.qpqClicks === undefined) {
    counted.qpqClicks = 0;
    document.addEventListener("click", ({ isTrusted, target }) => {
      if (isTrusted && target instanceof Element && target.closest(selector)) counted.qpqClicks!++;
    }, { capture: true });
  }
  return element.closest(selector) ? counted.qpqClicks : undefined;
}

/** From now on `click` of every locator presses again where no click came of it. */
export function pressAgain(page: Page): void {
  const locators = Object.getPrototypeOf(page.locator("body")) as { click: Locator["click"]; pressesAgain?: true };
  if (locators.pressesAgain) return;
  locators.pressesAgain = true;
  const press = locators.click;
  locators.click = async function (this: Locator, options) {
    for (let presses = 1;; presses++) {
      const wait = options?.timeout === undefined ? {} : { timeout: options.timeout };
      const before = await this.evaluate(clicksSoFar, pressed, wait);
      await press.call(this, options);
      if (before === undefined || presses === mostPresses || options?.button === "right" || options?.trial) return;
      // A click that leads to another page takes the count with it.
      const after = await this.page().evaluate(() => (globalThis as Pressed).qpqClicks).catch(() => undefined);
      if (after !== before || await this.count() === 0) return;
    }
  };
}
