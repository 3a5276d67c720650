/** The palette, the shortcuts and their help, around the engine in memory. */

import type { Page } from "@playwright/test";
import { expect, expectWhole, signIn, test } from "./fixture.ts";

const palette = (page: Page) => page.getByRole("dialog", { name: "Jump to anything" });
const field = (page: Page) => palette(page).getByRole("combobox");
const option = (page: Page, name: string | RegExp) => palette(page).getByRole("option", { name });
const chosen = (page: Page) => palette(page).getByRole("option", { selected: true });

async function open(page: Page): Promise<void> {
  await page.keyboard.press("ControlOrMeta+k");
  await expect(field(page)).toBeFocused();
}

test("CONVERSATIONS: Ctrl+K leads to a chat by its title or its people", async ({ page, url, problems }) => {
  await signIn(page, url);
  await open(page);
  await expect(palette(page).getByRole("group", { name: "Chats" }).getByRole("option")).toHaveCount(5);
  await expectWhole(page, "palette");
  await field(page).fill("choi");
  await expect(chosen(page)).toHaveAccessibleName(/^Choir/);
  await expectWhole(page, "palette with words");
  await page.keyboard.press("Enter");
  await expect(palette(page)).toHaveCount(0);
  await expect(page.getByRole("log", { name: "Choir" })).toBeVisible();
  // From the field for writing, too.
  await page.getByRole("textbox", { name: "Message" }).focus();
  await open(page);
  await page.keyboard.press("ControlOrMeta+k");
  await expect(palette(page)).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: the palette runs commands, and has arrows and Escape", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "bob" }).click();
  await open(page);
  await field(page).fill("> dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await open(page);
  await field(page).fill("> mute");
  await expect(chosen(page)).toHaveAccessibleName(/^Mute bob/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: /^bob .*Muted/ })).toBeVisible();
  await open(page);
  const first = await chosen(page).textContent();
  await page.keyboard.press("ArrowUp");
  await expect(chosen(page)).not.toHaveText(first!);
  await page.keyboard.press("ArrowDown");
  await expect(chosen(page)).toHaveText(first!);
  await page.keyboard.press("Escape");
  await expect(palette(page)).toHaveCount(0);
  await open(page);
  await field(page).fill(">search");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("searchbox", { name: "Search in this chat" })).toBeFocused();
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: the palette starts a chat, and searches messages", async ({ page, url, problems }) => {
  await signIn(page, url);
  await open(page);
  await field(page).fill("hanna-lu");
  await option(page, "Start a chat with hanna-lu").click();
  await expect(page.getByRole("log", { name: "hanna-lu" })).toBeVisible();
  await open(page);
  await field(page).fill("entry 12");
  await option(page, "Search all messages for “entry 12”").click();
  await expect(page.getByRole("searchbox", { name: "Search", exact: true })).toHaveValue("entry 12");
  await expect(page.getByRole("region", { name: "Search results" }).getByRole("link").first()).toBeVisible();
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: the palette fills a phone's screen", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.setViewportSize({ width: 360, height: 700 });
  await open(page);
  await field(page).fill("al");
  await expectWhole(page, "palette at 360 px");
  await palette(page).getByRole("button", { name: "Close" }).click();
  await expect(palette(page)).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: ? shows the shortcuts, but not while one writes", async ({ page, url, problems }) => {
  await signIn(page, url);
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await page.keyboard.press("?");
  await expect(help.getByText("Jump to anything")).toBeVisible();
  await expectWhole(page, "help for shortcuts");
  await page.keyboard.press("Escape");
  await expect(help).toHaveCount(0);
  await page.getByRole("link", { name: "bob" }).click();
  const writing = page.getByRole("textbox", { name: "Message" });
  await writing.focus();
  await page.keyboard.press("?");
  await expect(writing).toHaveValue("?");
  await expect(help).toHaveCount(0);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await expect(help).toBeVisible();
  await help.getByRole("button", { name: "Close" }).click();
  expect(problems).toEqual([]);
});

test("CONVERSATIONS: shortcuts lead through the chats, to the search and back", async ({ page, url, problems }) => {
  await signIn(page, url);
  const links = page.getByRole("navigation", { name: "Chats" }).getByRole("link");
  await page.keyboard.press("Alt+ArrowDown");
  await expect(links.nth(0)).toHaveAttribute("aria-current", "page");
  await page.keyboard.press("Alt+ArrowDown");
  await expect(links.nth(1)).toHaveAttribute("aria-current", "page");
  await page.keyboard.press("Alt+ArrowUp");
  await expect(links.nth(0)).toHaveAttribute("aria-current", "page");
  await page.keyboard.press("ControlOrMeta+Shift+f");
  await expect(page.getByRole("searchbox", { name: "Search in this chat" })).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+n");
  await expect(page.getByRole("heading", { name: "New chat" })).toBeVisible();
  await page.getByRole("heading", { name: "New chat" }).click();
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Search", exact: true })).toBeFocused();
  expect(problems).toEqual([]);
});
