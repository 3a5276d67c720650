/** One person at one browser profile: what a user does, by the accessible names that a user meets. */

import { randomUUID } from "node:crypto";
import { type Browser, type BrowserContext, expect, type Locator, type Page } from "@playwright/test";
import { pressAgain } from "../web/testing/press_again.ts";
import { allMessages } from "./rows.ts";

/**
 * Another one in each run. Deno's caches hold the constants of every module that ever ran on this machine, so a
 * search of the servers' memory would find a constant password there.
 */
export const password = `correct horse battery staple ${randomUUID()}`;

export class Person {
  readonly problems: string[] = [];

  private constructor(readonly name: string, readonly context: BrowserContext, public page: Page) {}

  /** Opens the app in a profile of its own. */
  static async open(browser: Browser, url: string, name: string): Promise<Person> {
    const context = await browser.newContext();
    const person = new Person(name, context, await context.newPage());
    pressAgain(person.page);
    person.watch(person.page);
    await person.page.goto(url);
    return person;
  }

  watch(page: Page): void {
    page.on("pageerror", (error) => this.problems.push(`page error: ${error.message}`));
    page.on("console", (message) => {
      // Lost connections are part of some tests; everything else that a browser complains of is a fault.
      if (
        message.type() === "error" &&
        !/WebTransport|Failed to load resource|net::ERR|ERR_CONNECTION/.test(message.text())
      ) this.problems.push(`console: ${message.text()}`);
    });
  }

  async createAccount(): Promise<void> {
    await this.page.getByRole("textbox", { name: "Username" }).fill(this.name);
    await this.page.getByRole("textbox", { name: "Password" }).fill(password);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.page.getByRole("button", { name: "Continue" }).click();
    await this.connected();
  }

  async signIn(withPassword: string = password): Promise<void> {
    await this.page.getByRole("textbox", { name: "Username" }).fill(this.name);
    await this.page.getByRole("textbox", { name: "Password" }).fill(withPassword);
    await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
  }

  async connected(): Promise<void> {
    await expect(this.page.getByRole("status").filter({ hasText: /^Connected$/ })).toBeVisible();
  }

  async transport(): Promise<string | null> {
    return await this.page.getByRole("status").filter({ hasText: /^Connected$/ }).getAttribute("title");
  }

  /** A chat with one other person, or a group with a name. */
  async startChat(people: string[], groupName?: string): Promise<void> {
    await this.page.getByRole("button", { name: "New chat" }).click();
    for (const name of people) {
      await this.page.getByRole("textbox", { name: "Find people" }).fill(name);
      await this.page.getByRole("option", { name }).click();
    }
    if (groupName) await this.page.getByRole("textbox", { name: "Group name" }).fill(groupName);
    await this.page.getByRole("button", { name: "Start chat" }).click();
    await expect(this.log(groupName ?? people[0])).toBeVisible();
  }

  /** Opens a chat from the list by its title. */
  async openChat(title: string): Promise<void> {
    await this.page.getByRole("link", { name: title }).first().click();
    await expect(this.log(title)).toBeVisible();
  }

  log(title: string): Locator {
    return this.page.getByRole("log", { name: title });
  }

  async send(text: string): Promise<void> {
    const field = this.page.getByRole("textbox", { name: "Message" });
    await field.fill(text);
    await this.page.getByRole("button", { name: "Send" }).click();
    await expect(field).toHaveValue("");
  }

  message(title: string, text: string): Locator {
    return this.log(title).getByRole("article").filter({ hasText: text });
  }

  /** Texts of the conversation that match, in the order shown. */
  async texts(title: string, matching: RegExp): Promise<string[]> {
    return (await this.log(title).evaluate(allMessages)).flatMap(({ text }) => text.match(matching)?.[0] ?? []);
  }

  /** Waits until the conversation holds exactly these texts (of those that match), in this order. */
  async expectTexts(title: string, matching: RegExp, expected: string[]): Promise<void> {
    await expect.poll(() => this.texts(title, matching), { timeout: 180_000 }).toEqual(expected);
  }

  /** Waits until every own message that matches has reached the server. */
  async allSent(title: string, matching: RegExp): Promise<void> {
    const own = this.log(title).getByRole("article").filter({ hasText: matching });
    await expect(own.getByLabel(/^(Saving|Waiting)$/)).toHaveCount(0, { timeout: 180_000 });
  }

  /** Waits until the page says that it has kept an own message: what it says as "Saving" is gone with the page. */
  async saved(title: string, text: string): Promise<void> {
    const state = this.message(title, text).getByLabel(/^(Waiting|Sent|Delivered|Read)$/);
    await expect(state).toHaveCount(1, { timeout: 60_000 });
  }

  /** The texts whose messages are shown as sent right now. */
  async sentTexts(title: string, matching: RegExp): Promise<string[]> {
    return (await this.log(title).evaluate(allMessages)).flatMap(({ text, sent }) =>
      (sent && text.match(matching)?.[0]) || []
    );
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
