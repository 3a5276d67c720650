/** One person in stock Firefox ESR, used by role and name. */

import { execFileSync } from "node:child_process";
import { type Browser, launch, type Page } from "puppeteer-core";
import { password } from "./person.ts";
import { allMessages } from "./rows.ts";

const executablePath = execFileSync("sh", ["-c", "command -v firefox-esr"], { encoding: "utf8" }).trim();

/** @param downloads the folder for what is saved */
export async function openFirefox(downloads?: string): Promise<Browser> {
  const extraPrefsFirefox = downloads && {
    "browser.download.folderList": 2,
    "browser.download.dir": downloads,
    "browser.download.useDownloadDir": true,
    "browser.download.always_ask_before_handling_new_types": false,
    "browser.download.alwaysOpenPanel": false,
  };
  return await launch({
    browser: "firefox",
    executablePath,
    headless: true,
    ...(extraPrefsFirefox && { extraPrefsFirefox }),
  });
}

/** A page in a Firefox container of its own, used by role and name. */
export class FirefoxPerson {
  private constructor(readonly name: string, readonly page: Page) {}

  static async createAccount(browser: Browser, url: string, name: string): Promise<FirefoxPerson> {
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
      { timeout: 180_000 },
    );
    return person;
  }

  /** To the front: Firefox draws nothing in a window behind another, and so no row, and waits for frames there. */
  async #come(): Promise<void> {
    await this.page.bringToFront();
  }

  /**
   * Finding an element by its accessible name takes Firefox over a second in a long page, so the field is
   * found once and Enter sends.
   */
  async sendAll(texts: string[]): Promise<void> {
    await this.#come();
    const field = await this.page.waitForSelector(`::-p-aria([name="Message"][role="textbox"])`, {
      visible: true,
      timeout: 180_000,
    });
    for (const text of texts) {
      await field!.type(text);
      await field!.press("Enter");
    }
  }

  async fill(name: string, text: string): Promise<void> {
    await this.#come();
    // A password field has no role of its own in Firefox's accessibility tree.
    const role = name === "Password" ? "" : `[role="textbox"]`;
    const field = await this.page.waitForSelector(`::-p-aria([name="${name}"]${role})`, {
      visible: true,
      timeout: 180_000,
    });
    await field!.click();
    await this.page.keyboard.type(text);
  }

  async click(role: string, name: string): Promise<void> {
    await this.#come();
    try {
      const found = await this.page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`, {
        visible: true,
        timeout: 120_000,
      });
      await found!.click();
    } catch (cause) {
      throw new Error(`no ${role} "${name}" in: ${await this.page.evaluate(() => document.body.innerText)}`, { cause });
    }
  }

  async openChat(title: string): Promise<void> {
    await this.#come();
    const found = await this.page.waitForSelector(`a::-p-text(${title})`, { visible: true, timeout: 180_000 });
    await found!.click();
    await this.page.waitForSelector(`[role=log]`);
  }

  async texts(matching: RegExp): Promise<string[]> {
    await this.#come();
    return (await this.page.$eval("[role=log]", allMessages)).flatMap(({ text }) => text.match(matching)?.[0] ?? []);
  }

  async transport(): Promise<string | null> {
    return await this.page.$$eval(
      "[role=status]",
      (all) => all.find((status) => status.textContent?.trim() === "Connected")?.getAttribute("title") ?? null,
    );
  }
}
