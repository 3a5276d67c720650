/** The two-person part again in stock Firefox ESR, which nobody here wrote either. */

import type { Browser } from "puppeteer-core";
import { FirefoxPerson, openFirefox } from "./firefox_person.ts";
import { expect, test } from "./stack.ts";

let browser: Browser;
test.beforeAll(async () => {
  browser = await openFirefox();
});
test.afterAll(async () => {
  await browser.close();
});

test("two people in Firefox ESR chat over WebTransport, 20 messages each way", async ({ stack }) => {
  const dora = await FirefoxPerson.createAccount(browser, stack.url, "dora");
  const emil = await FirefoxPerson.createAccount(browser, stack.url, "emil");
  expect(await dora.transport()).toBe("WebTransport");
  expect(await emil.transport()).toBe("WebTransport");
  await dora.click("button", "New chat");
  await dora.fill("Find people", "emil");
  await dora.click("option", "emil");
  await dora.click("button", "Start chat");
  await dora.page.waitForSelector("[role=log]", { timeout: 180_000 });
  await emil.openChat("dora");
  const numbered = (name: string) =>
    Array.from({ length: 20 }, (_, index) => `${name} says ${String(index + 1).padStart(2, "0")}`);
  await dora.sendAll(numbered("dora"));
  await emil.sendAll(numbered("emil"));
  for (const person of [dora, emil]) {
    await expect.poll(() => person.texts(/dora says \d+/), { timeout: 180_000 }).toEqual(numbered("dora"));
    await expect.poll(() => person.texts(/emil says \d+/), { timeout: 180_000 }).toEqual(numbered("emil"));
  }
  for (const { page } of [dora, emil]) await page.browserContext().close();
});
