/** The two-person part again in stock Firefox ESR, which nobody here wrote either. */

import { execFileSync } from "node:child_process";
import { type Browser, launch, type Page } from "puppeteer-core";
import { password } from "./person.ts";
import { expect, test } from "./stack.ts";

const executablePath = execFileSync("sh", ["-c", "command -v firefox-esr"], { encoding: "utf8" }).trim();

let browser: Browser;
test.beforeAll(async () => {
  browser = await launch({ browser: "firefox", executablePath, headless: true });
});
test.afterAll(async () => {
  await browser.close();
});

/** A page in a Firefox container of its own, used by role and name. */
class FirefoxPerson {
  private constructor(readonly name: string, readonly page: Page) {}

  static async createAccount(url: string, name: string): Promise<FirefoxPerson> {
    const context = await browser.createBrowserContext();
    const person = new FirefoxPerson(name, await context.newPage());
    await person.page.setViewport({ width: 1200, height: 800 });
    await person.page.goto(url);
    await person.fill("Username", name);
    await person.fill("Password", password);
    await person.click("button", "Create account");
    await person.click("button", "Continue");
    await person.page.waitForFunction(
      () =>
        [...document.querySelectorAll("[role=status]")].some((status) => status.textContent?.trim() === "Connected"),
      { timeout: 60_000 },
    );
    return person;
  }

  /**
   * Finding an element by its accessible name takes Firefox over a second in a long page, so the field is
   * found once and Enter sends.
   */
  async sendAll(texts: string[]): Promise<void> {
    const field = await this.page.waitForSelector(`::-p-aria([name="Message"][role="textbox"])`, {
      visible: true,
      timeout: 60_000,
    });
    for (const text of texts) {
      await field!.type(text);
      await field!.press("Enter");
    }
  }

  async fill(name: string, text: string): Promise<void> {
    // A password field has no role of its own in Firefox's accessibility tree.
    const role = name === "Password" ? "" : `[role="textbox"]`;
    const field = await this.page.waitForSelector(`::-p-aria([name="${name}"]${role})`, {
      visible: true,
      timeout: 60_000,
    });
    await field!.click();
    await this.page.keyboard.type(text);
  }

  async click(role: string, name: string): Promise<void> {
    try {
      const found = await this.page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`, {
        visible: true,
        timeout: 30_000,
      });
      await found!.click();
    } catch (cause) {
      throw new Error(`no ${role} "${name}" in: ${await this.page.evaluate(() => document.body.innerText)}`, { cause });
    }
  }

  async openChat(title: string): Promise<void> {
    const found = await this.page.waitForSelector(`a::-p-text(${title})`, { visible: true, timeout: 60_000 });
    await found!.click();
    await this.page.waitForSelector(`[role=log]`);
  }

  async texts(matching: RegExp): Promise<string[]> {
    const all = await this.page.$$eval(
      "[role=log] [role=article], [role=log] article",
      (articles) => articles.map((article) => (article as HTMLElement).innerText),
    );
    return all.flatMap((text) => text.match(matching)?.[0] ?? []);
  }

  async transport(): Promise<string | null> {
    return await this.page.$$eval(
      "[role=status]",
      (all) => all.find((status) => status.textContent?.trim() === "Connected")?.getAttribute("title") ?? null,
    );
  }
}

test("two people in Firefox ESR chat over WebTransport, 20 messages each way", async ({ stack }) => {
  const dora = await FirefoxPerson.createAccount(stack.url, "dora");
  const emil = await FirefoxPerson.createAccount(stack.url, "emil");
  expect(await dora.transport()).toBe("WebTransport");
  expect(await emil.transport()).toBe("WebTransport");
  await dora.click("button", "New chat");
  await dora.fill("Find people", "emil");
  await dora.click("option", "emil");
  await dora.click("button", "Start chat");
  await dora.page.waitForSelector("[role=log]", { timeout: 60_000 });
  await emil.openChat("dora");
  const numbered = (name: string) =>
    Array.from({ length: 20 }, (_, index) => `${name} says ${String(index + 1).padStart(2, "0")}`);
  await dora.sendAll(numbered("dora"));
  await emil.sendAll(numbered("emil"));
  for (const person of [dora, emil]) {
    await expect.poll(() => person.texts(/dora says \d+/), { timeout: 60_000 }).toEqual(numbered("dora"));
    await expect.poll(() => person.texts(/emil says \d+/), { timeout: 60_000 }).toEqual(numbered("emil"));
  }
  for (const { page } of [dora, emil]) await page.browserContext().close();
});
